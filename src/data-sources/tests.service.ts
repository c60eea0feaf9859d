import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { Actor } from '../common/actor.js';
import type { TestResult } from '../connectors/runtime/test-result.js';
import { Database } from '../platform/database/database.service.js';
import { DataSourcesService } from './data-sources.service.js';
import type { TestSaved, TestUnsaved } from './dto/requests.dto.js';
import type { TestResultView } from './dto/views.dto.js';
import { ProbesService, verdictOf } from './probes.service.js';

/** Tests that people ask for; each is audited. */
@Injectable()
export class Tests {
  constructor(
    private readonly probes: ProbesService,
    private readonly sources: DataSourcesService,
    private readonly database: Database,
    private readonly audit: AuditService,
  ) {}

  async unsaved(actor: Actor, request: TestUnsaved): Promise<TestResultView> {
    const result = await this.probes.runUnsaved(actor, request);
    return this.audited(actor, result);
  }

  /** Without a change of the connection and of the scope, both for this test alone, the status follows the result. */
  async saved(actor: Actor, id: string, { connection, scope }: TestSaved = {}): Promise<TestResultView> {
    const ref = { orgId: actor.orgId, dataSourceId: id };
    if (connection ?? scope === 'tunnel')
      return this.audited(actor, await this.probes.runWith(ref, connection ?? {}, scope), id);
    const { revision } = await this.sources.facts(actor.orgId, id);
    const result = await this.probes.run(ref);
    const verdict = verdictOf(result);
    if (verdict) await this.sources.recordProbe(ref, verdict, result.server, revision);
    return this.audited(actor, result, id);
  }

  private async audited(actor: Actor, result: TestResult, id?: string): Promise<TestResultView> {
    const code = result.steps.find(({ status }) => status === 'failed')?.code;
    await this.database.inOrg(actor.orgId, (tx) =>
      this.audit.record(tx, actor, {
        action: 'data_source.test',
        targetType: 'data_source',
        ...(id === undefined ? {} : { targetId: id }),
        result: code ? 'failure' : 'success',
        ...(code ? { code } : {}),
        durationMs: result.duration_ms,
      }),
    );
    return result as TestResultView;
  }
}
