import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Readiness asks, over all organizations, which application secrets the stored keys need. The scheduler's role may see
 * that and nothing else of them: not the wrapped keys.
 */
export class KeyVersions1764000000005 implements MigrationInterface {
  readonly name = 'KeyVersions1764000000005';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'CREATE POLICY key_versions ON organization_keys FOR SELECT TO datawave_scheduler USING (true)',
    );
    await runner.query('GRANT SELECT (kek_version, state) ON organization_keys TO datawave_scheduler');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('REVOKE SELECT (kek_version, state) ON organization_keys FROM datawave_scheduler');
    await runner.query('DROP POLICY key_versions ON organization_keys');
  }
}
