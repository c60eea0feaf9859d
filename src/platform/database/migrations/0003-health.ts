import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolate } from '../tenancy.js';

/** What the probes found: where each source stands, every check of two days, every hour of 35 days. */
export class Health1764000000003 implements MigrationInterface {
  readonly name = 'Health1764000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of TABLES) await runner.query(statement);
    for (const table of ['health_states', 'health_checks', 'health_hours'])
      await isolate(runner, table, { app: 'SELECT, INSERT, UPDATE, DELETE' });
    // Pruning works across organizations: it sees ids and times of outdated rows and nothing else.
    await letPrune(runner, 'health_checks', 'at', '48 hours');
    await letPrune(runner, 'health_hours', 'hour', '35 days');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE health_hours, health_checks, health_states');
  }
}

async function letPrune(runner: QueryRunner, table: string, time: string, age: string): Promise<void> {
  await runner.query(
    `CREATE POLICY outdated ON ${table} TO datawave_scheduler USING (${time} < now() - interval '${age}')`,
  );
  await runner.query(`GRANT SELECT (data_source_id, ${time}), DELETE ON ${table} TO datawave_scheduler`);
}

/** Rows that are updated with every check: room on each page keeps the new version beside the old one. */
const ROOM = 'WITH (fillfactor = 60)';

const TABLES = [
  `CREATE TABLE health_states (
    data_source_id uuid PRIMARY KEY REFERENCES data_sources ON DELETE CASCADE,
    org_id uuid NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('healthy', 'unreachable', 'misconfigured')),
    since timestamptz NOT NULL,
    successes integer NOT NULL,
    failures integer NOT NULL,
    last_check_at timestamptz NOT NULL,
    last_outcome text NOT NULL CHECK (last_outcome IN ('ok', 'degraded', 'failed', 'inconclusive')),
    last_code text,
    last_message text,
    last_duration_ms real NOT NULL,
    last_ok_at timestamptz,
    covers_ms integer NOT NULL
  ) ${ROOM}`,
  'CREATE INDEX health_states_org ON health_states (org_id)',
  // The parent is the state, whose row the same statement has just locked: no lock on the source's row for each check.
  `CREATE TABLE health_checks (
    data_source_id uuid NOT NULL REFERENCES health_states ON DELETE CASCADE,
    org_id uuid NOT NULL,
    at timestamptz NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('ok', 'degraded', 'failed', 'inconclusive')),
    code text,
    duration_ms real NOT NULL,
    PRIMARY KEY (data_source_id, at)
  )`,
  'CREATE INDEX health_checks_age ON health_checks (at)',
  `CREATE TABLE health_hours (
    data_source_id uuid NOT NULL REFERENCES health_states ON DELETE CASCADE,
    org_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    checks integer NOT NULL,
    failures integer NOT NULL,
    inconclusive integer NOT NULL,
    flips integer NOT NULL,
    up_ms integer NOT NULL,
    down_ms integer NOT NULL,
    duration_ms real NOT NULL,
    latency smallint[] NOT NULL,
    PRIMARY KEY (data_source_id, hour)
  ) ${ROOM}`,
  'CREATE INDEX health_hours_org ON health_hours (org_id, hour)',
  'CREATE INDEX health_hours_age ON health_hours (hour)',
  `COMMENT ON COLUMN health_states.covers_ms IS 'How long after the check its outcome may be taken to hold'`,
  `COMMENT ON COLUMN health_hours.duration_ms IS 'Sum over the successful checks'`,
  `COMMENT ON COLUMN health_hours.latency IS 'Successful checks by duration; bounds in latency-histogram.ts'`,
];
