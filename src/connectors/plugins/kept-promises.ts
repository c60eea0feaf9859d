import { AppError } from '../../common/app-error.js';
import type { ConnectorDefinition, Session } from '../spi/index.js';

/**
 * The definition of a plugin with a session that is looked at before it is used: the compiler has never seen a plugin
 * together with this product, so a facet that was promised and is missing is told here and not at its first use.
 */
export function keepingPromises(definition: ConnectorDefinition, from: string): ConnectorDefinition {
  return {
    ...definition,
    async open(config, context) {
      const session = (await definition.open(config, context)) as unknown;
      const missing = missingIn(session, definition);
      if (missing === undefined) return session as Session;
      await (session as Partial<Session> | undefined)?.close?.().catch(() => undefined);
      throw new AppError('INTERNAL', `The plugin ${from} gave a session without "${missing}".`);
    },
  };
}

function missingIn(session: unknown, { capabilities }: ConnectorDefinition): string | undefined {
  if (typeof session !== 'object' || session === null) return 'session';
  const offered = session as Readonly<Record<string, unknown>>;
  const method = (of: unknown, name: string): boolean =>
    typeof (of as Readonly<Record<string, unknown>> | undefined)?.[name] === 'function';
  const own = ['ping', 'close'].find((name) => !method(offered, name));
  const facet = capabilities.find((name) => !method(offered[name], name));
  return own ?? facet ?? (typeof offered.server === 'object' ? undefined : 'server');
}
