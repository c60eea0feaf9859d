import { CAPS, type Finding, type Findings, type RangedTask } from '../../analysis.js';
import { FieldLister, tooManyFields } from '../field-list.js';
import { countIn, objectIn, parsedJson, textIn, textsIn, type JsonObject } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';
import type { Ranges } from '../ranges.js';
import { TableFolder } from '../table-folder.js';
import { storableName } from '../text-encoding.js';
import { readCheckpoint, take, type TableActions } from './checkpoint.js';
import { sparkColumns } from './spark-types.js';

/**
 * Writers put `protocol` and `metaData` before the files of a commit, which make it long: its beginning is enough.
 */
const COMMIT_BYTES = 32 * 1024;
/** What is left to commits; the rest is for a checkpoint or the first commit. */
const COMMITS_BYTES = 600 * 1024;
const MAX_COMMITS = 200;
const AT_ONCE = 8;

const COMMIT = /^(\d{20})\.json$/;
const CHECKPOINT = /^(\d{20})\.checkpoint(?:\.(\d{10})\.\d{10}|\.[0-9a-fA-F-]{36})?\.(parquet|json)$/;

interface LogFile {
  readonly version: number;
  readonly name: string;
  readonly path: string;
  readonly size: number;
}

/** A Delta table by its log: the newest `metaData` of the commits since the last checkpoint, else of the checkpoint. */
export async function analyzeDelta(ranges: Ranges, { path }: RangedTask): Promise<Findings> {
  const folder = new TableFolder(ranges, path);
  const files = await folder.list('_delta_log');
  const commits = numbered(files, COMMIT);
  const checkpoints = numbered(files, CHECKPOINT);
  const version = Math.max(commits.at(-1)?.version ?? -1, checkpoints.at(-1)?.version ?? -1);
  if (version < 0)
    throw new ParseFault(
      'The folder holds no Delta table: there is no commit in `_delta_log`.',
      'FILE_NOT_FOUND',
    );
  const since = checkpoints.at(-1)?.version ?? -1;
  const newer = commits.filter((commit) => commit.version > since).reverse();
  const actions: TableActions = {};
  const all = await readCommits(folder, newer, actions);
  // A checkpoint of many parts has the metadata in any of them.
  for (const file of checkpoints.filter((checkpoint) => checkpoint.version === since)) {
    if (actions.metaData && actions.protocol) break;
    if (file.name.endsWith('.json')) await readLines(folder, file, actions);
    else Object.assign(actions, { ...(await readCheckpoint(folder, file)), ...actions });
  }
  const first = newer.at(-1);
  if (!all && since < 0 && first && !actions.metaData) await readLines(folder, first, actions);
  if (!actions.metaData) throw new ParseFault('The log of the table holds no schema.');
  return { datasets: [findingOf(actions.metaData, objectIn(actions.protocol), { version, all })] };
}

function numbered(files: readonly Omit<LogFile, 'version'>[], pattern: RegExp): LogFile[] {
  return files
    .flatMap((file) => {
      const number = pattern.exec(file.name)?.[1];
      return number === undefined || file.size === 0 ? [] : [{ ...file, version: Number(number) }];
    })
    .sort((a, b) => a.version - b.version);
}

/** Reads commits, the newest first, until all is known; false where some were left out. */
async function readCommits(
  folder: TableFolder,
  commits: readonly LogFile[],
  actions: TableActions,
): Promise<boolean> {
  const reserve = CAPS.rangeBytes - COMMITS_BYTES;
  for (let from = 0; from < commits.length; from += AT_ONCE) {
    const some = commits.slice(from, from + AT_ONCE);
    const bytes = some.reduce((sum, { size }) => sum + Math.min(size, COMMIT_BYTES), 0);
    if (from >= MAX_COMMITS || folder.left - bytes < reserve) return false;
    const heads = await Promise.all(some.map((commit) => folder.head(commit, COMMIT_BYTES)));
    for (const head of heads) takeLines(head, actions);
    if (actions.metaData && actions.protocol) return true;
  }
  return true;
}

async function readLines(folder: TableFolder, file: LogFile, actions: TableActions): Promise<void> {
  takeLines(await folder.head(file, 8 * COMMIT_BYTES), actions);
}

function takeLines(head: Uint8Array | undefined, actions: TableActions): void {
  // In one commit the last action counts, as there is only one of a kind it is the first as well.
  for (const line of Buffer.from(head ?? new Uint8Array())
    .toString('utf8')
    .split('\n'))
    if (line.includes('"metaData"') || line.includes('"protocol"')) take(objectIn(parsedJson(line)), actions);
}

function findingOf(
  metaData: JsonObject,
  protocol: JsonObject,
  { version, all }: { version: number; all: boolean },
): Finding {
  const schema = parsedJson(textIn(metaData.schemaString) ?? '');
  if (schema === undefined) throw new ParseFault('The schema in the log of the table is damaged.');
  const lister = new FieldLister();
  const fields = lister.list(sparkColumns(lister, schema));
  const partitions = textsIn(metaData.partitionColumns);
  const configuration = settingsIn(metaData.configuration);
  const checks = [...configuration]
    .filter(([key]) => key.startsWith('delta.constraints.'))
    .map(([key, expression]) => ({ name: storableName(key.slice(18), 255) || 'check', expression }));
  const comment = textIn(metaData.description);
  const features = (key: string) => {
    const names = textsIn(protocol[key]).map((name) => storableName(name, 100));
    return names.length === 0
      ? {}
      : { [key === 'readerFeatures' ? 'reader_features' : 'writer_features']: names };
  };
  const reader = countIn(protocol.minReaderVersion);
  const writer = countIn(protocol.minWriterVersion);
  const name = textIn(metaData.name);
  return {
    fields,
    table: {
      ...(comment === undefined ? {} : { comment: storableName(comment, 4_000) }),
      ...(partitions.length === 0 ? {} : { partitioning: storableName(partitions.join(', '), 4_000) }),
      ...(checks.length === 0 ? {} : { checks }),
    },
    properties: {
      format: 'delta',
      table_version: version,
      ...(name === undefined ? {} : { table_name: storableName(name, 255) }),
      ...(partitions.length === 0
        ? {}
        : { partition_columns: partitions.map((column) => storableName(column, 255)) }),
      ...(reader === undefined ? {} : { min_reader_version: reader }),
      ...(writer === undefined ? {} : { min_writer_version: writer }),
      ...features('readerFeatures'),
      ...features('writerFeatures'),
      ...(configuration.has('delta.columnMapping.mode')
        ? { column_mapping: storableName(configuration.get('delta.columnMapping.mode') ?? '', 20) }
        : {}),
    },
    ...(all
      ? tooManyFields(lister)
      : {
          partial:
            'The log is too long to be read as a whole: a change of the schema may have been passed over.',
        }),
  };
}

/** A map: an object in JSON, or a list of pairs in a checkpoint. */
function settingsIn(value: unknown): Map<string, string> {
  const pairs = Array.isArray(value)
    ? value.map((pair) => [objectIn(pair).key, objectIn(pair).value] as const)
    : Object.entries(objectIn(value));
  return new Map(
    pairs.flatMap(([key, text]) =>
      typeof key === 'string' && typeof text === 'string' ? [[key, text] as const] : [],
    ),
  );
}
