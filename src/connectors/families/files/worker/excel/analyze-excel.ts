import type { Field, NormalizedType } from '../../../../spi/metadata.js';
import { CAPS, type Finding, type Findings, type RangedOptions, type RangedTask } from '../../analysis.js';
import { columnNames } from '../csv/header.js';
import { ParseFault } from '../parse-fault.js';
import { RangedFile, type Ranges } from '../ranges.js';
import { storableName } from '../text-encoding.js';
import { sheetRows, type CellKind, type SheetRow } from './sheet-rows.js';
import { readWorkbook, xmlText, type SheetPlace, type Workbook } from './workbook.js';
import { ZipFile } from './zip.js';

const MAX_SHEETS = 100;
/** Of one sheet so much is unpacked and looked at. */
const SHEET_BYTES = 2 * CAPS.rangeBytes;
/** Rows among which the one with the names is looked for. */
const HEAD_ROWS = 30;

/** The sheets of an Excel workbook (.xlsx, .xlsm), each a dataset: its directory and the beginning of each sheet. */
export async function analyzeExcel(ranges: Ranges, task: RangedTask): Promise<Findings> {
  const zip = await ZipFile.open(await RangedFile.buffered(ranges, task));
  const workbook = await readWorkbook(zip);
  if (workbook.sheets.length === 0) throw new ParseFault('The workbook has no sheets with cells.');
  const places = workbook.sheets.slice(0, MAX_SHEETS);
  // What tail, directory and shared parts may take is set aside.
  const packedLimit = Math.floor((CAPS.wideRangeBytes - 6 * CAPS.rangeBytes) / places.length);
  const datasets: Finding[] = [];
  for (const place of places) {
    const { bytes, complete } = await zip.read(place.entry, packedLimit, SHEET_BYTES);
    datasets.push(sheetOf(xmlText(bytes), { place, workbook, complete, options: task.options }));
  }
  return {
    datasets,
    ...(places.length < workbook.sheets.length
      ? { partial: `The workbook has ${String(workbook.sheets.length)} sheets; the first are listed.` }
      : {}),
  };
}

interface SheetContext {
  readonly place: SheetPlace;
  readonly workbook: Workbook;
  readonly complete: boolean;
  readonly options: RangedOptions;
}

function sheetOf(xml: string, { place, workbook, complete, options }: SheetContext): Finding {
  let dimension = 0;
  const rows = sheetRows(xml, workbook, (last) => (dimension = last));
  const head: SheetRow[] = [];
  for (const row of rows) if (head.push(row) >= HEAD_ROWS) break;
  const headerAt = headerIn(head, options.hasHeader);
  const header = headerAt === undefined ? undefined : head[headerAt];
  const tallies = new Tallies();
  for (const row of head.slice(headerAt === undefined ? 0 : headerAt + 1)) tallies.add(row);
  // A generator that was left is ended: the rest is read by a second walk that passes over the head.
  let passed = 0;
  if (head.length >= HEAD_ROWS)
    for (const row of sheetRows(xml, workbook, () => undefined)) if (++passed > HEAD_ROWS) tallies.add(row);
  const first = header?.number ?? 0;
  const rowEstimate = complete
    ? tallies.rows
    : Math.max(tallies.rows, Math.min(dimension, 1_048_576) - first);
  return {
    part: storableName(place.name, 255) || 'sheet',
    fields: tallies.fields(header),
    rowEstimate,
    properties: {
      sheet: storableName(place.name, 255),
      header: header !== undefined,
      sampled: !complete,
      ...(header === undefined ? {} : { header_row: header.number }),
      ...(place.hidden ? { hidden: true } : {}),
    },
  };
}

/** The first row of texts alone that is about as wide as the widest: titles above a table are narrower. */
function headerIn(rows: readonly SheetRow[], told: boolean | undefined): number | undefined {
  if (told === false || rows.length === 0) return undefined;
  const width = Math.max(...rows.map(({ cells }) => cells.length));
  const found = rows.findIndex(({ cells }) => cells.length * 2 >= width);
  if (told === true) return found;
  return rows[found]?.cells.every(({ kind }) => kind === 'string') === true ? found : undefined;
}

/** What was seen in each column. */
class Tallies {
  rows = 0;
  private readonly columns: { filled: number; maxLength: number; readonly kinds: Set<CellKind> }[] = [];

  add({ cells }: SheetRow): void {
    this.rows++;
    for (const { column, kind, text } of cells) {
      this.widen(column + 1);
      const tally = this.columns[column];
      if (!tally) continue;
      tally.filled++;
      tally.kinds.add(kind);
      tally.maxLength = Math.max(tally.maxLength, text.length);
    }
  }

  fields(header: SheetRow | undefined): Field[] {
    const names: string[] = [];
    for (const { column, text } of header?.cells ?? []) {
      this.widen(column + 1);
      while (names.length < column) names.push('');
      names[column] = text;
    }
    const used = this.columns.map(({ filled }, index) => filled > 0 || (names[index] ?? '') !== '');
    // An empty column in between is one; those behind the last are none.
    const count = Math.min(CAPS.fields, used.lastIndexOf(true) + 1);
    return columnNames(names, count).map((name, index) => this.field(name, index));
  }

  private widen(count: number): void {
    while (this.columns.length < count) this.columns.push({ filled: 0, maxLength: 0, kinds: new Set() });
  }

  private field(name: string, index: number): Field {
    const { filled, kinds } = this.columns[index] ?? { filled: 0, kinds: new Set<CellKind>() };
    return {
      name,
      ordinal: index + 1,
      native_type: [...new Set([...kinds].map((kind) => NATIVE[kind]))].sort().join('|') || 'blank',
      type: typeOf(kinds),
      nullable: filled < this.rows,
      inferred: true,
      ...(this.rows > 0 ? { prevalence: Math.round((filled / this.rows) * 10_000) / 10_000 } : {}),
    };
  }
}

const NATIVE: Readonly<Record<CellKind, string>> = {
  string: 'text',
  integer: 'number',
  float: 'number',
  boolean: 'boolean',
  date: 'date',
  time: 'time',
  timestamp: 'date-time',
};

const VOTES: readonly (readonly [NormalizedType, readonly CellKind[]])[] = [
  ['integer', ['integer']],
  ['float', ['integer', 'float']],
  ['boolean', ['boolean']],
  ['date', ['date']],
  ['time', ['time']],
  ['timestamp', ['date', 'timestamp']],
];

/** The narrowest type that takes in all that was seen; what does not go together is a string. */
function typeOf(kinds: ReadonlySet<CellKind>): NormalizedType {
  if (kinds.size === 0) return 'unknown';
  return VOTES.find(([, takes]) => [...kinds].every((kind) => takes.includes(kind)))?.[0] ?? 'string';
}
