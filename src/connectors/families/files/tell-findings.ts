import { createHash } from 'node:crypto';
import { AppError } from '../../../common/app-error.js';
import type { Dataset, DatasetKind, DiscoveryEvent, DiscoveryRequest } from '../../spi/index.js';
import type { Finding, Findings } from './analysis.js';
import { isChosen } from '../name-glob.js';

/** The one schema of a source that is a file or a table in a folder. */
export const FILES_SCHEMA = 'files';

/** Changes when the same bytes would give other facts: raise it with the rules of inference. */
const RULES_VERSION = 2;

/** A source of one scope, before anything of its content is read. */
export interface Findable {
  /** Name of its dataset; of several, what their names begin with. */
  readonly name: string;
  readonly kind: DatasetKind;
  /** Changes with the content and with what the connection says of it. */
  readonly state: readonly unknown[];
  /** It may hold several datasets, such as sheets: which of them are wanted is known only once it is read. */
  readonly several?: boolean;
  readonly sizeBytes?: number;
  find(signal: AbortSignal): Promise<Findings>;
}

/**
 * Discovery of a source that is one file or one table: the scope `files`. The token and the fingerprint change with the
 * state and our rules. A source that cannot be parsed ends the scope as failed.
 */
export async function* tellFindings(
  source: Findable,
  request: DiscoveryRequest,
  signal: AbortSignal,
): AsyncGenerator<DiscoveryEvent> {
  const { include, exclude, since } = request;
  const fingerprint = digest([RULES_VERSION, ...source.state]);
  const token = digest([fingerprint, include, exclude]);
  if (since?.token === token) {
    yield { event: 'source_unchanged' };
    yield { event: 'token', token };
    return;
  }
  const scope = FILES_SCHEMA;
  const chosen = (name: string): boolean => isChosen(`${scope}.${name}`, include, exclude);
  const wanted = source.several === true || chosen(source.name);
  yield {
    event: 'scope_started',
    scope,
    ...(source.several === true ? {} : { datasets: wanted ? 1 : 0 }),
  };
  const known = wanted && source.several !== true ? await since?.fingerprints(scope) : undefined;
  if (!wanted || known?.get(source.name) === fingerprint) {
    if (wanted) yield { event: 'unchanged', scope, names: [source.name] };
    yield { event: 'scope_ended', scope, status: 'complete' };
    yield { event: 'token', token };
    return;
  }
  let findings: Findings;
  try {
    findings = await source.find(signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError)) throw error;
    yield { event: 'scope_ended', scope, status: 'failed', code: error.code, reason: error.message };
    return;
  }
  for (const dataset of datasetsOf(source, findings.datasets))
    if (chosen(dataset.name)) yield { event: 'dataset', dataset, fingerprint };
  yield { event: 'scope_ended', scope, ...statusOf(findings) };
  yield { event: 'token', token };
}

function statusOf({ partial, datasets }: Findings) {
  const reason = partial ?? datasets.find((dataset) => dataset.partial !== undefined)?.partial;
  return reason === undefined ? { status: 'complete' as const } : { status: 'partial' as const, reason };
}

const digest = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/** The parts of a file are named `<path>#<part>`. */
function* datasetsOf({ name, kind, sizeBytes }: Findable, findings: readonly Finding[]): Generator<Dataset> {
  const taken = new Set<string>();
  for (const { part, fields, rowEstimate, properties, table } of findings) {
    const base = part === undefined ? name : `${name}#${part}`;
    let unique = base;
    for (let number = 2; taken.has(unique); number++) unique = `${base}_${String(number)}`;
    taken.add(unique);
    yield {
      schema: FILES_SCHEMA,
      name: unique,
      kind,
      fields,
      // The size of the file is not that of one of its parts.
      ...(sizeBytes === undefined || part !== undefined ? {} : { size_bytes: sizeBytes }),
      ...(rowEstimate === undefined ? {} : { row_estimate: rowEstimate }),
      properties,
      ...table,
    };
  }
}
