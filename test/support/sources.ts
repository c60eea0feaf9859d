import { expect } from '@jest/globals';
import type { TestApp } from './app.js';
import { servers } from './servers.js';
import { until } from './until.js';

/** The parts of a data source's view that tests look at. */
export interface SourceView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly version: number;
  readonly status_reason: { readonly code: string; readonly user_action: boolean };
  readonly status_until: string | null;
  readonly connection: Readonly<Record<string, unknown>>;
  readonly secrets_set: readonly string[];
  readonly file_path: string | null;
  readonly tags: readonly string[];
  readonly server: { readonly product: string } | null;
}

/** A connection to the PostgreSQL of the tests. */
export async function postgresConnection(): Promise<Record<string, unknown>> {
  const { host, port, username, password } = await servers.postgres();
  return {
    type: 'postgresql',
    host,
    port,
    database: 'postgres',
    username,
    password,
    tls: { mode: 'disable' },
  };
}

/** Creates a source as admin and gives back its view, in status `testing`. */
export async function createSource(
  app: TestApp,
  name: string,
  connection: Record<string, unknown>,
): Promise<SourceView> {
  const { status, body } = await app.call('POST', '/data-sources', { body: { name, connection } });
  expect({ status, body }).toMatchObject({ status: 201, body: { status: 'testing' } });
  return body as SourceView;
}

export async function readSource(app: TestApp, id: string): Promise<SourceView> {
  return (await app.call('GET', `/data-sources/${id}`)).body as SourceView;
}

/** Waits until the test of a source has ended. */
export async function settled(app: TestApp, id: string): Promise<SourceView> {
  await until(
    async () => (await readSource(app, id)).status !== 'testing',
    'the test of the source ends',
    20_000,
  );
  return readSource(app, id);
}
