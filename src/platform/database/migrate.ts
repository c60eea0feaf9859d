import { DataSource } from 'typeorm';
import { databaseOptions } from './database.module.js';

/** Any number that only this product uses: TypeORM itself takes no lock, and parallel starts would collide. */
const LOCK = 4_027_301;

/** Runs what is pending, one process at a time. Gives back the names of the migrations that ran. */
export async function migrate(url: string): Promise<string[]> {
  const options = databaseOptions(url);
  const source = new DataSource({
    ...options,
    extra: { connectionTimeoutMillis: 10_000, max: 2 },
  });
  await source.initialize();
  const holder = source.createQueryRunner();
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [LOCK]);
    const ran = await source.runMigrations();
    return ran.map((migration) => migration.name);
  } finally {
    await holder.query('SELECT pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
    await holder.release();
    await source.destroy();
  }
}

/** Names of the migrations that have not run yet. */
export async function pendingMigrations(url: string): Promise<boolean> {
  const options = databaseOptions(url);
  const source = new DataSource({
    ...options,
    extra: { connectionTimeoutMillis: 5_000, max: 1 },
  });
  await source.initialize();
  try {
    return await source.showMigrations();
  } finally {
    await source.destroy();
  }
}
