import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { CONNECTORS } from './drivers/index.js';
import type { ConnectorDefinition } from './spi/index.js';

/** Names of the types, in the order of the catalogue. */
export const SOURCE_TYPES: readonly string[] = CONNECTORS.map(({ type }) => type);

/** Every type of source that this process knows. */
@Injectable()
export class ConnectorRegistry {
  private readonly byType = new Map(CONNECTORS.map((definition) => [definition.type, definition]));

  /** In the order of the catalogue. */
  list(): readonly ConnectorDefinition[] {
    return [...this.byType.values()];
  }

  /** @throws AppError CONFIG_INVALID for a type that does not exist, with the ones that do. */
  get(type: unknown): ConnectorDefinition {
    const definition = typeof type === 'string' ? this.byType.get(type) : undefined;
    if (definition) return definition;
    const detail = `This must be one of ${SOURCE_TYPES.join(', ')}.`;
    throw new AppError('CONFIG_INVALID', 'The type of the connection is not known.', {
      errors: [{ pointer: '/connection/type', code: 'enum', detail }],
    });
  }

  find(type: string): ConnectorDefinition | undefined {
    return this.byType.get(type);
  }

  /** Whether the driver's package can be loaded here; true where a type needs none. */
  installed({ driver }: ConnectorDefinition): boolean {
    if (!driver) return true;
    try {
      import.meta.resolve(driver);
      return true;
    } catch {
      return false;
    }
  }
}
