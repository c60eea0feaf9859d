import { DemoFault, type DemoApi } from './demo-api.js';
import { ProgressBar } from './progress-bar.js';
import type { Steps } from './steps.js';

const ROOT = '/api/v1/data-sources';

interface SourceView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

interface TestView {
  readonly outcome: string;
  readonly duration_ms: number;
  readonly failed_at?: string;
  readonly server?: { readonly product: string; readonly version: string };
  readonly steps: readonly {
    readonly name: string;
    readonly status: string;
    readonly duration_ms: number;
    readonly code?: string;
    readonly message?: string;
    readonly remedy?: { readonly text: string };
  }[];
}

interface RunProgress {
  readonly datasets_done: number;
  readonly datasets_expected: number | null;
  readonly scope: string | null;
}

interface RunView {
  readonly run_id: string;
  readonly state: string;
  readonly progress: RunProgress | null;
  readonly changes: { readonly added: number } | null;
  readonly duration_ms: number | null;
  readonly error?: { readonly code: string; readonly message: string } | null;
}

interface DatasetView {
  readonly name: string;
  readonly kind: string;
  readonly fields?: readonly unknown[];
  readonly foreign_keys?: readonly unknown[];
  readonly row_estimate?: number;
}

interface SchemasView {
  readonly counts: { readonly by_kind: Readonly<Record<string, number>> };
  readonly schemas: readonly { readonly name: string; readonly datasets: readonly DatasetView[] }[];
}

interface HealthView {
  readonly state: string;
  readonly status: string;
  readonly score: { readonly value: number | null };
  readonly last_check: { readonly outcome: string; readonly duration_ms: number } | null;
}

/** Datasets that are listed of each schema. */
const SHOWN = 4;

/** Walks through what the product does with a source, over HTTP, and shows it line by line. */
export class DemoWalk {
  constructor(
    private readonly api: DemoApi,
    private readonly steps: Steps,
  ) {}

  /** Rejects with a DemoFault at the first thing that goes wrong; the source that it made is deleted in any case. */
  async run(connection: Record<string, unknown>, keep: boolean): Promise<void> {
    const source = await this.create(connection);
    try {
      await this.test(source.id);
      await this.showFailure(connection);
      await this.discover(source.id);
      await this.schemas(source.id);
      await this.health(source.id);
    } finally {
      if (!keep) await this.api.call('DELETE', `${ROOT}/${source.id}?force=true`);
    }
    this.steps.line(
      keep ? `\nThe source stays: GET ${ROOT}/${source.id}` : '\nThe source of this walk is deleted again.',
    );
  }

  private async create(connection: Record<string, unknown>): Promise<SourceView> {
    const name = `Demo walk ${new Date().toISOString().replace('T', ' ').slice(0, 23)}`;
    const { body } = await this.api.call('POST', ROOT, { name, connection, tags: ['demo'] });
    const source = body as SourceView;
    this.steps.done(`created "${source.name}" (${String(connection.type)}), status ${source.status}`);
    return source;
  }

  private async test(id: string): Promise<void> {
    const { body } = await this.api.call('POST', `${ROOT}/${id}/test`, {});
    const result = body as TestView;
    this.showTest(result);
    if (result.outcome !== 'ok' && result.outcome !== 'degraded')
      throw new DemoFault('The test of the source failed.');
    const { product = 'source', version = '' } = result.server ?? {};
    this.steps.done(`tested: ${result.outcome}, ${product} ${version}`.trim(), result.duration_ms);
  }

  /** The same connection with one thing wrong: what a user sees then. */
  private async showFailure(connection: Record<string, unknown>): Promise<void> {
    const wrong =
      'database' in connection ? { database: 'no_such_database' } : { file_path: 'no-such-file.csv' };
    const { body } = await this.api.call('POST', `${ROOT}/test`, { connection: { ...connection, ...wrong } });
    const result = body as TestView;
    const failed = result.steps.find(({ status }) => status === 'failed');
    this.steps.done(
      `tested with a mistake in it: ${result.outcome} at ${result.failed_at ?? '?'}`,
      result.duration_ms,
    );
    this.steps.line(`    ${failed?.code ?? ''}: ${failed?.message ?? ''}`);
    if (failed?.remedy) this.steps.line(`    remedy: ${failed.remedy.text}`);
  }

  private showTest({ steps }: TestView): void {
    for (const { name, status, duration_ms: ms, code, message } of steps) {
      const why = code === undefined ? '' : ` ${code}: ${message ?? ''}`;
      this.steps.line(`    ${name.padEnd(20)} ${status.padEnd(8)} ${ms.toFixed(1).padStart(7)} ms${why}`);
    }
  }

  private async discover(id: string): Promise<void> {
    const asked = await this.api.call('POST', `${ROOT}/${id}/discover-schema`, { mode: 'full' });
    // Not the Location: it is under PUBLIC_URL, and this walk may call the process itself.
    const run = `${ROOT}/${id}/discovery-runs/${(asked.body as RunView).run_id}`;
    const bar = new ProgressBar(process.stdout);
    const show = ({ datasets_done: done, datasets_expected: expected, scope }: RunProgress): void =>
      bar.show(done, expected ?? undefined, scope ?? '');
    for await (const { event, data } of this.api.events(`${run}/events`))
      if (event === 'progress') show(data as RunProgress);
    const { body } = await this.api.call('GET', run);
    const { state, error, progress, changes, duration_ms: ms } = body as RunView;
    if (progress) show({ ...progress, scope: state });
    bar.end();
    if (state !== 'succeeded')
      throw new DemoFault(`The discovery ended as ${state} ${error?.message ?? ''}`.trim());
    this.steps.done(`discovered: ${String(changes?.added ?? 0)} datasets`, ms ?? undefined);
  }

  private async schemas(id: string): Promise<void> {
    const { body } = await this.api.call('GET', `${ROOT}/${id}/schemas?limit=1000`);
    const { counts, schemas } = body as SchemasView;
    const kinds = Object.entries(counts.by_kind).map(([kind, count]) => `${String(count)} ${kind}`);
    this.steps.done(`read the schemas: ${kinds.join(', ')}`);
    for (const { name, datasets } of schemas) {
      this.steps.line(`    ${name || '(files)'}`);
      for (const dataset of datasets.slice(0, SHOWN)) this.steps.line(`      ${describe(dataset)}`);
      if (datasets.length > SHOWN) this.steps.line(`      … and ${String(datasets.length - SHOWN)} more`);
    }
  }

  private async health(id: string): Promise<void> {
    const { body } = await this.api.call('GET', `${ROOT}/${id}/health`);
    const { state, status, score, last_check: last } = body as HealthView;
    const check = last
      ? `last check ${last.outcome} in ${String(last.duration_ms)} ms`
      : 'no check of its own yet';
    this.steps.done(
      `health: ${state}, status ${status}, score ${String(score.value ?? 'not known yet')}, ${check}`,
    );
  }
}

function describe({
  name,
  kind,
  fields = [],
  row_estimate: rows,
  foreign_keys: keys = [],
}: DatasetView): string {
  const facts = [
    kind,
    `${String(fields.length)} fields`,
    ...(rows === undefined ? [] : [`about ${String(rows)} rows`]),
    ...(keys.length === 0 ? [] : [`${String(keys.length)} foreign keys`]),
  ];
  return `${name.padEnd(24)} ${facts.join(', ')}`;
}
