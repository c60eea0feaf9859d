import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolate } from '../tenancy.js';

/**
 * Rotation of the organizations' data keys. The scheduler's role may also see which organizations have keys under an
 * older application secret, so that they can be wrapped anew one by one; it still sees no wrapped key.
 */
export class KeyRotations1764000000010 implements MigrationInterface {
  readonly name = 'KeyRotations1764000000010';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE organization_keys ADD COLUMN destroyed_at timestamptz');
    // Two keys that encrypt would leave it to chance which one does.
    await runner.query(
      `CREATE UNIQUE INDEX organization_keys_active ON organization_keys (org_id) WHERE state = 'active'`,
    );
    await runner.query('GRANT SELECT (org_id) ON organization_keys TO datawave_scheduler');
    await runner.query('CREATE INDEX credentials_key ON credentials (org_id, data_source_id, field)');
    await runner.query(`CREATE TABLE key_rotations (
      org_id uuid PRIMARY KEY,
      to_version integer NOT NULL,
      state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed')),
      total integer NOT NULL DEFAULT 0,
      done integer NOT NULL DEFAULT 0,
      failed integer NOT NULL DEFAULT 0,
      requested_by text NOT NULL,
      requested_at timestamptz NOT NULL DEFAULT now(),
      ended_at timestamptz
    )`);
    await isolate(runner, 'key_rotations', { app: 'SELECT, INSERT, UPDATE' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE key_rotations');
    await runner.query('DROP INDEX credentials_key, organization_keys_active');
    await runner.query('REVOKE SELECT (org_id) ON organization_keys FROM datawave_scheduler');
    await runner.query('ALTER TABLE organization_keys DROP COLUMN destroyed_at');
  }
}
