import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolate } from '../tenancy.js';

/**
 * Runs of discovery and what they found. A snapshot is a number: it shows every version of a dataset with
 * `valid_from <= seq` and `valid_to` absent or `> seq`. A run writes under a number that nobody reads yet, so the step
 * from one catalog to the next is the update of one row, and a run that dies has changed nothing.
 */
export class Discovery1764000000002 implements MigrationInterface {
  readonly name = 'Discovery1764000000002';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await runner.query(statement);
    for (const table of NAMES) await isolate(runner, table, { app: 'SELECT, INSERT, UPDATE, DELETE' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE ${[...NAMES].reverse().join(', ')}`);
    await runner.query('DROP FUNCTION forget_datasets() CASCADE');
  }
}

const NAMES = ['discovery_runs', 'discovery_run_events', 'catalogs', 'snapshots', 'dataset_versions'];

const TABLES = [
  `CREATE TABLE discovery_runs (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    data_source_id uuid NOT NULL REFERENCES data_sources ON DELETE CASCADE,
    mode text NOT NULL CHECK (mode IN ('full', 'incremental', 'selective')),
    strategy text NOT NULL CHECK (strategy IN ('conservative', 'balanced', 'aggressive')),
    include text[] NOT NULL,
    exclude text[] NOT NULL,
    trigger text NOT NULL CHECK (trigger IN ('manual', 'schedule', 'first')),
    state text NOT NULL DEFAULT 'queued'
      CHECK (state IN ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
    attempt integer NOT NULL DEFAULT 0,
    progress jsonb,
    counts jsonb,
    scopes jsonb,
    error jsonb,
    snapshot integer,
    event_seq integer NOT NULL DEFAULT 0,
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz
  )`,
  `CREATE UNIQUE INDEX discovery_runs_active ON discovery_runs (data_source_id) WHERE state IN ('queued', 'running')`,
  'CREATE INDEX discovery_runs_list ON discovery_runs (data_source_id, id DESC)',
  'CREATE INDEX discovery_runs_recent ON discovery_runs (org_id, created_at DESC)',
  `CREATE TABLE discovery_run_events (
    run_id uuid NOT NULL REFERENCES discovery_runs ON DELETE CASCADE,
    org_id uuid NOT NULL,
    seq integer NOT NULL,
    type text NOT NULL CHECK (type IN ('state', 'progress', 'scope')),
    data jsonb NOT NULL,
    PRIMARY KEY (run_id, seq)
  )`,
  `CREATE TABLE catalogs (
    data_source_id uuid PRIMARY KEY REFERENCES data_sources ON DELETE CASCADE,
    org_id uuid NOT NULL,
    last_seq integer NOT NULL DEFAULT 0,
    seq integer,
    revision integer NOT NULL DEFAULT 0,
    token text,
    coverage text,
    origin text,
    discovered_at timestamptz
  )`,
  `CREATE TABLE snapshots (
    data_source_id uuid NOT NULL REFERENCES data_sources ON DELETE CASCADE,
    seq integer NOT NULL,
    org_id uuid NOT NULL,
    run_id uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('building', 'committed', 'abandoned')),
    scopes jsonb NOT NULL DEFAULT '[]',
    counts jsonb NOT NULL DEFAULT '{}',
    changes jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (data_source_id, seq)
  )`,
  `CREATE INDEX snapshots_open ON snapshots (data_source_id, run_id) WHERE state <> 'committed'`,
  // Names are compared by bytes: the order of a page must not depend on the locale of the server.
  // The document is text, not jsonb: it goes in twice as fast, and out as it is, without being parsed on the way.
  // A common table has 2 KB of it: kept in its row as it is, where the default would compress each one.
  // No foreign key: it would look the source up for each row. Writers hold a row of snapshots, which has one, and the
  // trigger removes what a source leaves behind.
  `CREATE TABLE dataset_versions (
    data_source_id uuid NOT NULL,
    org_id uuid NOT NULL,
    schema_name text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    kind text NOT NULL,
    valid_from integer NOT NULL,
    valid_to integer,
    fingerprint text,
    content_hash text NOT NULL,
    row_estimate bigint,
    size_bytes bigint,
    document text NOT NULL,
    search text NOT NULL,
    PRIMARY KEY (data_source_id, schema_name, name, valid_from)
  ) WITH (toast_tuple_target = 4080)`,
  `CREATE FUNCTION forget_datasets() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN DELETE FROM dataset_versions WHERE data_source_id = OLD.id; RETURN NULL; END $$`,
  // Its name stands behind those of the foreign keys (RI_…), and so it runs after them, as who deletes the source.
  `CREATE TRIGGER forget_datasets AFTER DELETE ON data_sources
    FOR EACH ROW EXECUTE FUNCTION forget_datasets()`,
  'CREATE INDEX dataset_versions_opened ON dataset_versions (data_source_id, valid_from)',
  'CREATE INDEX dataset_versions_closed ON dataset_versions (data_source_id, valid_to) WHERE valid_to IS NOT NULL',
  `COMMENT ON COLUMN discovery_runs.attempt IS 'Fencing token of the job that works on it'`,
  `COMMENT ON COLUMN catalogs.last_seq IS 'Last number that was given out; those of failed runs are not used again'`,
  `COMMENT ON COLUMN catalogs.seq IS 'The snapshot that is served; null before the first one'`,
  `COMMENT ON COLUMN catalogs.revision IS 'Grows when what is served changes without a new snapshot, such as row estimates'`,
  `COMMENT ON COLUMN catalogs.coverage IS 'The filter that the token stands for'`,
  `COMMENT ON COLUMN catalogs.origin IS 'Destination of the source that was read; another one has another catalog'`,
];
