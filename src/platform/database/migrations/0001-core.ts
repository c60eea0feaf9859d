import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createRoles, isolate } from '../tenancy.js';

/** Data sources, credentials, audit, queues. */
export class Core1764000000001 implements MigrationInterface {
  readonly name = 'Core1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await createRoles(runner);
    for (const statement of TABLES) await runner.query(statement);
    await isolate(runner, 'data_sources', { app: 'SELECT, INSERT, UPDATE, DELETE' });
    await isolate(runner, 'organization_keys', { app: 'SELECT, INSERT, UPDATE' });
    await isolate(runner, 'credentials', { app: 'SELECT, INSERT, UPDATE, DELETE' });
    await isolate(runner, 'idempotency_keys', { app: 'SELECT, INSERT, UPDATE, DELETE' });
    await isolate(runner, 'audit_events', { app: 'SELECT, INSERT' });
    await isolate(runner, 'schedules', {
      app: 'SELECT, INSERT, UPDATE, DELETE',
      scheduler: 'SELECT, UPDATE',
    });
    await isolate(runner, 'jobs', {
      app: 'SELECT, INSERT, UPDATE, DELETE',
      scheduler: 'SELECT, UPDATE, DELETE',
    });
    await isolate(runner, 'outbox', { app: 'INSERT', scheduler: 'SELECT, UPDATE, DELETE' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE outbox, jobs, schedules, audit_events, idempotency_keys, credentials, organization_keys, data_sources',
    );
    await runner.query('DROP FUNCTION refuse_change()');
  }
}

const TABLES = [
  `CREATE TABLE data_sources (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    name text NOT NULL,
    description text,
    type text NOT NULL,
    category text NOT NULL,
    connection jsonb NOT NULL,
    destination text NOT NULL,
    secret_fields text[] NOT NULL DEFAULT '{}',
    pool jsonb NOT NULL,
    discovery jsonb NOT NULL,
    health jsonb NOT NULL,
    tags text[] NOT NULL DEFAULT '{}',
    environment text,
    location text,
    owner_id text,
    status text NOT NULL CHECK (status IN ('testing', 'active', 'failed', 'inactive', 'maintenance')),
    status_reason jsonb,
    status_until timestamptz,
    server jsonb,
    version integer NOT NULL DEFAULT 1,
    revision integer NOT NULL DEFAULT 1,
    created_by text NOT NULL,
    created_at timestamptz(3) NOT NULL DEFAULT now(),
    updated_at timestamptz(3) NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    purge_at timestamptz
  )`,
  `COMMENT ON COLUMN data_sources.version IS 'Grows with each change of the configuration; what is written over an older one is refused'`,
  `COMMENT ON COLUMN data_sources.revision IS 'Grows with each change of the row, those of the status among them'`,
  'CREATE UNIQUE INDEX data_sources_name ON data_sources (org_id, lower(name)) WHERE deleted_at IS NULL',
  'CREATE INDEX data_sources_list ON data_sources (org_id, created_at DESC, id DESC)',
  `CREATE TABLE organization_keys (
    org_id uuid NOT NULL,
    version integer NOT NULL,
    wrapped_key bytea NOT NULL,
    kek_version text NOT NULL,
    state text NOT NULL CHECK (state IN ('active', 'decrypt_only', 'destroyed')),
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, version)
  )`,
  `CREATE TABLE credentials (
    org_id uuid NOT NULL,
    data_source_id uuid NOT NULL REFERENCES data_sources ON DELETE CASCADE,
    field text NOT NULL,
    key_version integer NOT NULL,
    token text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (data_source_id, field)
  )`,
  `CREATE TABLE idempotency_keys (
    org_id uuid NOT NULL,
    key text NOT NULL,
    request_hash text NOT NULL,
    data_source_id uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (org_id, key)
  )`,
  `CREATE TABLE audit_events (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    occurred_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
    actor_id text NOT NULL,
    action text NOT NULL,
    target_type text NOT NULL,
    target_id text,
    result text NOT NULL CHECK (result IN ('success', 'failure', 'denied')),
    code text,
    duration_ms integer,
    request_id text,
    ip text,
    user_agent text,
    changed text[] NOT NULL DEFAULT '{}',
    details jsonb NOT NULL DEFAULT '{}'
  )`,
  'CREATE INDEX audit_events_list ON audit_events (org_id, occurred_at DESC, id DESC)',
  'CREATE INDEX audit_events_target ON audit_events (org_id, target_id, occurred_at DESC)',
  `CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege'; END $$`,
  `CREATE TRIGGER audit_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
  `CREATE TABLE schedules (
    kind text NOT NULL,
    data_source_id uuid NOT NULL REFERENCES data_sources ON DELETE CASCADE,
    org_id uuid NOT NULL,
    interval_s integer NOT NULL CHECK (interval_s > 0),
    next_run_at timestamptz NOT NULL,
    PRIMARY KEY (kind, data_source_id)
  )`,
  'CREATE INDEX schedules_due ON schedules (kind, next_run_at)',
  `CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    org_id uuid NOT NULL,
    ref_id uuid NOT NULL,
    state text NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running')),
    run_at timestamptz NOT NULL DEFAULT now(),
    token integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0,
    again boolean NOT NULL DEFAULT false,
    lease_until timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (kind, ref_id)
  )`,
  `COMMENT ON COLUMN jobs.token IS 'Fencing token: grows with each claim and is never given twice'`,
  `COMMENT ON COLUMN jobs.attempts IS 'Claims since the work was asked for; it is given up after some'`,
  `CREATE INDEX jobs_due ON jobs (kind, run_at) WHERE state = 'queued'`,
  `CREATE INDEX jobs_lost ON jobs (lease_until) WHERE state = 'running'`,
  `CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    org_id uuid NOT NULL,
    type text NOT NULL,
    data_source_id uuid NOT NULL,
    payload jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    dead_at timestamptz
  )`,
  'CREATE INDEX outbox_due ON outbox (attempts, id) WHERE dead_at IS NULL',
  `COMMENT ON COLUMN outbox.dead_at IS 'When its handlers had failed at every try; it stays for an operator'`,
];
