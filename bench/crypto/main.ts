/**
 * `npm run bench:crypto`: what the encryption of secrets costs. One secret of 64 bytes encrypted and decrypted; the keys
 * of 10,000 organizations wrapped under a new application secret; 100,000 secrets of one organization encrypted anew.
 * The last two are the commands of `npm run keys`, on the embedded PostgreSQL.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { v7 as uuid } from 'uuid';
import { AppModule } from '../../src/app.module.js';
import { KeyCommands } from '../../src/cli/key-commands.js';
import type { KeyCommand } from '../../src/cli/key-options.js';
import { Steps } from '../../src/cli/steps.js';
import { sealEnvelope } from '../../src/credentials/envelope.js';
import { Fernet, FERNET_KEY_BYTES } from '../../src/credentials/fernet.js';
import { OrganizationKeys } from '../../src/credentials/organization-keys.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { Database } from '../../src/platform/database/database.service.js';
import { migrate } from '../../src/platform/database/migrate.js';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/embedded-postgres.js';
import { LoopWatch } from '../loop-watch.js';
import { machine, median, printTable } from '../report.js';

const ORGANIZATIONS = Number(process.env.BENCH_ORGANIZATIONS ?? 10_000);
const SOURCES = Number(process.env.BENCH_SECRETS ?? 100_000) / 4;
const FIELDS = ['password', 'ssh_tunnel.password', 'ssh_tunnel.private_key', 'tls.client_key'];
const OLD = randomBytes(48).toString('base64url');
const NEW = randomBytes(48).toString('base64url');
const JOBS = 8;

interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: number;
  readonly loopMs?: number;
}

const folder = mkdtempSync(join(tmpdir(), 'bench-crypto-'));
// Servers run under another account than root, and their data is in here.
chmodSync(folder, 0o711);
const server = await startEmbeddedPostgres({ dataDir: folder });
try {
  await migrate(server.ownerUrl);
  const figures = [sealAndOpen()];
  const org = uuid();
  await withProduct(OLD, async (app) => {
    await fillKeys(app);
    await fillSecrets(app, org);
  });
  await withProduct(`${NEW},${OLD}`, async (app) => {
    figures.push(
      await timed(app, { name: 'rewrap' }, `keys of ${String(ORGANIZATIONS)} organizations re-wrapped`, 10),
    );
    figures.push(
      await timed(app, { name: 'rotate', orgId: org }, `${String(SOURCES * 4)} secrets encrypted anew`, 60),
    );
  });
  console.log(`${machine()}\n`);
  printTable(
    ['', 'took', 'longest task ms', 'goal', ''],
    figures.map(({ what, value, unit, goal, loopMs }) => [
      what,
      `${value.toFixed(1)} ${unit}`,
      loopMs?.toFixed(0) ?? '',
      `<= ${String(goal)} ${unit}`,
      value <= goal ? 'reached' : 'missed',
    ]),
  );
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** The envelope of a secret of 64 bytes, sealed and opened again. */
function sealAndOpen(): Figure {
  const fernet = new Fernet(randomBytes(FERNET_KEY_BYTES));
  const ref = { orgId: uuid(), dataSourceId: uuid(), field: 'password' };
  const envelope = Buffer.from(sealEnvelope(ref, 'postgresql|db|5432|shop|me', 'x'.repeat(64)));
  const batches = Array.from({ length: 50 }, () => {
    const began = performance.now();
    for (let call = 0; call < 400; call++) fernet.open(fernet.seal(envelope));
    return ((performance.now() - began) / 400) * 1_000;
  });
  return { what: '64 bytes encrypted and decrypted', value: median(batches), unit: 'us', goal: 100 };
}

async function withProduct(
  appSecret: string,
  work: (app: INestApplicationContext) => Promise<void>,
): Promise<void> {
  const config = loadConfig({
    DATABASE_URL: server.ownerUrl,
    DATA_DIR: folder,
    APP_SECRET: appSecret,
    LOG_LEVEL: 'error',
    ROLE: 'api',
  });
  const app = await NestFactory.createApplicationContext(AppModule.with(config), { logger: false });
  try {
    await work(app);
  } finally {
    await app.close();
  }
}

async function timed(
  app: INestApplicationContext,
  command: KeyCommand,
  what: string,
  goal: number,
): Promise<Figure> {
  const loop = new LoopWatch();
  loop.start();
  const began = performance.now();
  const done = await new KeyCommands(app, new Steps(() => undefined)).run(command);
  const value = (performance.now() - began) / 1_000;
  if (!done) throw new Error(`The command ${command.name} failed.`);
  return { what, value, unit: 's', goal, loopMs: loop.stop().taskMs };
}

async function fillKeys(app: INestApplicationContext): Promise<void> {
  const keys = app.get(OrganizationKeys);
  const rest = Array.from({ length: ORGANIZATIONS - 1 }, () => uuid()).values();
  const work = async (): Promise<void> => {
    for (const org of rest) await keys.prepare(org);
  };
  await Promise.all(Array.from({ length: JOBS }, work));
}

async function fillSecrets(app: INestApplicationContext, orgId: string): Promise<void> {
  const keys = app.get(OrganizationKeys);
  await keys.prepare(orgId);
  const chunk = 1_000;
  for (let at = 0; at < SOURCES; at += chunk)
    await app.get(Database).inOrg(orgId, async (tx) => {
      const { version, fernet } = await keys.active(tx, orgId);
      const ids = Array.from({ length: chunk }, () => uuid());
      await tx.query(
        `INSERT INTO data_sources
           (id, org_id, name, type, category, connection, destination, pool, discovery, health, status, created_by)
         SELECT id, $2, id::text, 'postgresql', 'sql', '{}', 'x', '{}', '{}', '{}', 'inactive', 'bench'
         FROM unnest($1::uuid[]) AS id`,
        [ids, orgId],
      );
      const rows = ids.flatMap((dataSourceId) =>
        FIELDS.map((field) => {
          const envelope = sealEnvelope({ orgId, dataSourceId, field }, 'x', 'x'.repeat(64));
          return { dataSourceId, field, token: fernet.seal(Buffer.from(envelope)) };
        }),
      );
      await tx.query(
        `INSERT INTO credentials (org_id, data_source_id, field, key_version, token)
         SELECT $1, n.id, n.field, $2, n.token FROM unnest($3::uuid[], $4::text[], $5::text[]) AS n (id, field, token)`,
        [
          orgId,
          version,
          rows.map((row) => row.dataSourceId),
          rows.map((row) => row.field),
          rows.map((row) => row.token),
        ],
      );
    });
}
