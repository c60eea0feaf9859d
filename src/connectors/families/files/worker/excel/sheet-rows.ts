import type { NumberMeaning } from './number-format.js';
import type { Workbook } from './workbook.js';
import { attributeOf, xmlTokens, type XmlTag } from './xml.js';

export type CellKind = 'string' | 'integer' | 'float' | 'boolean' | Exclude<NumberMeaning, 'number'>;

export interface Cell {
  /** 0-based. */
  readonly column: number;
  readonly kind: CellKind;
  readonly text: string;
}

export interface SheetRow {
  /** 1-based, as the sheet numbers it. */
  readonly number: number;
  readonly cells: readonly Cell[];
}

/** Columns that Excel has; a cell beyond them is none. */
const MAX_COLUMNS = 16_384;
const MAX_TEXT = 200;

/** The rows of a sheet that hold something, as far as the text goes. Errors (#N/A) and blanks are no cells. */
export function* sheetRows(
  xml: string,
  workbook: Workbook,
  onDimension: (lastRow: number) => void,
): Generator<SheetRow> {
  let number = 0;
  let column = -1;
  let cells: Cell[] = [];
  let cell: XmlTag | undefined;
  let value = '';
  let wanted = false;
  for (const token of xmlTokens(xml)) {
    if (token.kind === 'text') {
      if (wanted && value.length < MAX_TEXT) value += token.text.slice(0, MAX_TEXT);
    } else if (token.name === 'v' || token.name === 't') wanted = cell !== undefined && token.kind === 'open';
    else if (token.name === 'c') {
      if (token.kind !== 'close') {
        column = columnOf(attributeOf(token, 'r')) ?? column + 1;
        cell = token;
        value = '';
      }
      if (token.kind !== 'open') {
        const found = cell && column < MAX_COLUMNS ? cellOf(cell, { column, value }, workbook) : undefined;
        if (found) cells.push(found);
        cell = undefined;
      }
    } else if (token.name === 'row') {
      if (token.kind === 'open') {
        number = Number(attributeOf(token, 'r') ?? number + 1);
        column = -1;
        cells = [];
      } else if (token.kind === 'close' && cells.length > 0) yield { number, cells };
    } else if (token.name === 'dimension') {
      const last = /(\d+)$/.exec((attributeOf(token, 'ref') ?? '').slice(-20))?.[1];
      if (last !== undefined) onDimension(Number(last));
    } else if (token.name === 'sheetData' && token.kind === 'close') return;
  }
}

/** `C12` is column 2. */
function columnOf(reference: string | undefined): number | undefined {
  const letters = /^[A-Z]{1,4}/.exec(reference ?? '')?.[0];
  if (letters === undefined) return undefined;
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

function cellOf(
  tag: XmlTag,
  { column, value }: { column: number; value: string },
  { strings, styles }: Workbook,
): Cell | undefined {
  const kind = attributeOf(tag, 't') ?? 'n';
  if (kind === 'e' || (value === '' && kind !== 'str' && kind !== 'inlineStr')) return undefined;
  if (kind === 's') {
    // One beyond the texts that were read: it is there, and it is text.
    const text = strings[Number(value)] ?? 'text';
    return text.trim() === '' ? undefined : { column, kind: 'string', text };
  }
  if (kind === 'str' || kind === 'inlineStr')
    return value.trim() === '' ? undefined : { column, kind: 'string', text: value };
  if (kind === 'b') return { column, kind: 'boolean', text: value };
  if (kind === 'd') return { column, kind: value.includes('T') ? 'timestamp' : 'date', text: value };
  const meaning = styles[Number(attributeOf(tag, 's') ?? 0)] ?? 'number';
  if (meaning !== 'number') return { column, kind: meaning, text: value };
  const number = Number(value);
  return { column, kind: Number.isSafeInteger(number) ? 'integer' : 'float', text: value };
}
