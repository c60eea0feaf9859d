import type { Actor } from '../common/actor.js';
import type { Listing } from '../data-sources/listing.service.js';
import type { Registration } from '../data-sources/registration.service.js';
import type { Revisions } from '../data-sources/revisions.service.js';
import type { Config } from '../platform/config/config.js';
import { createDemoFiles, DEMO_CSV } from './demo-files.js';
import { DEMO_ORG_ID, demoUser } from './demo-organization.js';
import { createDemoShop, renewDemoLogin, type DemoLogin } from './demo-shop.js';

/** The services of the product that the demo content goes through, as a request of a user would. */
export interface DemoServices {
  readonly listing: Listing;
  readonly registration: Registration;
  readonly revisions: Revisions;
}

interface DemoSource {
  /** Marks the source, so that it is found again whatever it is called by then. */
  readonly tag: string;
  readonly name: string;
  readonly description: string;
  /** The connection; it gets a login only where it uses the sample database. */
  readonly connection: (login: DemoLogin) => Record<string, unknown>;
  readonly usesShop: boolean;
}

const postgresql = (login: DemoLogin): Record<string, unknown> => ({
  type: 'postgresql',
  ...login,
  // Loopback: nobody listens on the way, and the embedded server has no certificate.
  tls: { mode: 'disable' },
});

const SOURCES: readonly DemoSource[] = [
  {
    tag: 'sample:shop',
    name: 'demo_shop',
    description: 'A shop on the embedded PostgreSQL: three schemas with every kind of table, key and type.',
    connection: postgresql,
    usesShop: true,
  },
  {
    tag: 'sample:orders',
    name: 'Orders (CSV)',
    description: "A file in the organization's folder.",
    connection: () => ({ type: 'csv', file_path: DEMO_CSV }),
    usesShop: false,
  },
  {
    tag: 'sample:broken',
    name: 'Old warehouse (broken on purpose)',
    description:
      'Its database does not exist: this is what a clear failure looks like. Test it, and read the remedy.',
    connection: (login) => postgresql({ ...login, database: 'warehouse_2019' }),
    usesShop: true,
  },
];

/**
 * Makes the content of the Demo organization where it is missing, and follows the embedded server to another port. A
 * source that somebody deleted stays deleted. Only for the embedded server in development.
 *
 * @returns how many sources were made now; undefined where there is no demo.
 */
export async function seedDemo(services: DemoServices, config: Config): Promise<number | undefined> {
  const { databaseUrl, embedded, env } = config;
  if (env === 'production' || !embedded || databaseUrl === undefined) return undefined;
  const actor: Actor = { orgId: DEMO_ORG_ID, userId: demoUser('admin'), roles: ['admin'] };
  const { items } = await services.listing.list(actor, { tag: 'sample', limit: 100, include_deleted: true });
  const port = Number(new URL(databaseUrl).port);
  const known = SOURCES.map((source) => ({
    source,
    found: items.find(({ tags }) => tags.includes(source.tag)),
  }));
  const missing = known.filter(({ found }) => !found).map(({ source }) => source);
  const onShop = known.flatMap(({ source, found }) =>
    found && source.usesShop && !found.deleted_at ? [{ source, found }] : [],
  );
  if (missing.length === 0 && onShop.every(({ found }) => found.connection.port === port)) return 0;
  await createDemoFiles(config.filesRoot, DEMO_ORG_ID);
  await createDemoShop(databaseUrl);
  // The password of the sample login is known to the credentials alone: a new source means a new one for all of them.
  const login = await renewDemoLogin(databaseUrl, 'demo_reader');
  for (const { name, description, tag, connection } of missing)
    await services.registration.create(actor, {
      name,
      description,
      tags: ['sample', tag],
      connection: connection(login),
    });
  for (const { source, found } of onShop)
    await services.revisions.update(actor, found.id, { connection: source.connection(login) });
  return missing.length;
}
