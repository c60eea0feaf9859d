import { Injectable } from '@nestjs/common';
import { AppError } from '../common/app-error.js';
import { CONNECTORS } from './drivers/index.js';
import { Plugins } from './plugins/plugins.js';
import type { Capability, ConnectorDefinition } from './spi/index.js';

/** Names of the product's own types, in the order of the catalogue; plugins bring more. */
export const SOURCE_TYPES: readonly string[] = CONNECTORS.map(({ type }) => type);

/** Every type of source that this process knows: the product's own, then those of plugins. */
@Injectable()
export class ConnectorRegistry {
  private readonly byType: ReadonlyMap<string, ConnectorDefinition>;
  private readonly packages: ReadonlyMap<string, string>;

  constructor({ all }: Plugins) {
    const definitions = [...CONNECTORS, ...all.map(({ definition }) => definition)];
    this.byType = new Map(definitions.map((definition) => [definition.type, definition]));
    this.packages = new Map(all.map(({ definition, from }) => [definition.type, from]));
  }

  /** In the order of the catalogue. */
  list(): readonly ConnectorDefinition[] {
    return [...this.byType.values()];
  }

  /** @throws AppError CONFIG_INVALID for a type that does not exist, with the ones that do. */
  get(type: unknown): ConnectorDefinition {
    const definition = typeof type === 'string' ? this.byType.get(type) : undefined;
    if (definition) return definition;
    const detail = `This must be one of ${[...this.byType.keys()].join(', ')}.`;
    throw new AppError('CONFIG_INVALID', 'The type of the connection is not known.', {
      errors: [{ pointer: '/connection/type', code: 'enum', detail }],
    });
  }

  find(type: string): ConnectorDefinition | undefined {
    return this.byType.get(type);
  }

  /** The package and version that brings a type, where it is a plugin. */
  pluginOf(type: string): string | undefined {
    return this.packages.get(type);
  }

  /**
   * Refuses work that a type could never do here.
   *
   * @throws AppError UNSUPPORTED where its connector has no such facet, DRIVER_MISSING with the command where its driver
   *   is not installed.
   */
  requireFacet(definition: ConnectorDefinition, facet: Capability): void {
    const { type, capabilities } = definition;
    if (!capabilities.includes(facet))
      throw new AppError('UNSUPPORTED', `A source of type ${type} does not offer "${facet}".`);
    const command = this.installCommand(definition);
    if (command !== undefined)
      throw new AppError('DRIVER_MISSING', `The driver for the type ${type} is not installed.`, {
        hint: `Run "${command}" where the product is installed, and restart it.`,
      });
  }

  /** What installs the driver of a type that has none here; undefined where nothing is missing. */
  installCommand(definition: ConnectorDefinition): string | undefined {
    const { driver, install = driver } = definition;
    return this.installed(definition) || install === undefined ? undefined : `npm install ${install}`;
  }

  /** Whether the driver's package can be loaded here; true where a type needs none, and where its plugin brings it. */
  installed({ type, driver }: ConnectorDefinition): boolean {
    if (!driver || this.packages.has(type)) return true;
    try {
      import.meta.resolve(driver);
      return true;
    } catch {
      return false;
    }
  }
}
