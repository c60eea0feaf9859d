import type { MigrationInterface, QueryRunner } from 'typeorm';
import { isolate } from '../tenancy.js';

/** Where the sources of an organization may be, within what the deployment allows. */
export class EgressPolicies1764000000011 implements MigrationInterface {
  readonly name = 'EgressPolicies1764000000011';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TABLE egress_policies (
      org_id uuid PRIMARY KEY,
      mode text NOT NULL CHECK (mode IN ('deployment', 'allow_list')),
      allow text[] NOT NULL DEFAULT '{}',
      version integer NOT NULL DEFAULT 1,
      updated_by text NOT NULL,
      updated_at timestamptz(3) NOT NULL DEFAULT now()
    )`);
    await isolate(runner, 'egress_policies', { app: 'SELECT, INSERT, UPDATE' });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE egress_policies');
  }
}
