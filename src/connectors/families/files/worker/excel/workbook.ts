import { CAPS } from '../../analysis.js';
import { ParseFault } from '../parse-fault.js';
import { decode } from '../text-encoding.js';
import { readStyles, type NumberMeaning } from './number-format.js';
import { attributeOf, xmlTokens } from './xml.js';
import type { ZipEntry, ZipFile } from './zip.js';

const PACKED_BYTES = CAPS.rangeBytes;
const PART_BYTES = 4 * CAPS.rangeBytes;
const MAX_STRINGS = 200_000;
const MAX_CELL_TEXT = 200;

export interface SheetPlace {
  readonly name: string;
  readonly hidden: boolean;
  readonly entry: ZipEntry;
}

export interface Workbook {
  readonly sheets: readonly SheetPlace[];
  readonly styles: readonly NumberMeaning[];
  /** The first of the texts that cells share; long ones are cut. */
  readonly strings: readonly string[];
}

/** What stands beside the sheets of a workbook: their names, the formats of numbers, the shared texts. */
export async function readWorkbook(zip: ZipFile): Promise<Workbook> {
  const main = (await mainPart(zip)) ?? zip.find('xl/workbook.xml');
  if (!main) throw new ParseFault('The file is a zip archive, but no workbook.', 'FILE_UNREADABLE', HINT);
  const folder = main.name.slice(0, main.name.lastIndexOf('/') + 1);
  const relations = await readRelations(zip, `${folder}_rels/${main.name.slice(folder.length)}.rels`, folder);
  const sheets = sheetsOf(await textOf(zip, main), relations).flatMap(({ target, ...sheet }) => {
    const entry = zip.find(target);
    return entry ? [{ ...sheet, entry }] : [];
  });
  const part = async (kind: string): Promise<string> => {
    const target = [...relations.values()].find(({ type }) => type.endsWith(`/${kind}`))?.target;
    const entry = target === undefined ? undefined : zip.find(target);
    return entry ? textOf(zip, entry) : '';
  };
  return {
    sheets,
    styles: readStyles(await part('styles')),
    strings: stringsOf(await part('sharedStrings')),
  };
}

const HINT = 'Save it as an Excel workbook (.xlsx).';

interface Relation {
  readonly type: string;
  readonly target: string;
}

async function mainPart(zip: ZipFile): Promise<ZipEntry | undefined> {
  const relations = await readRelations(zip, '_rels/.rels', '');
  const main = [...relations.values()].find(({ type }) => type.endsWith('/officeDocument'));
  return main && zip.find(main.target);
}

/** Targets are names in the archive, relative to the folder of the part or from the root; others are none of ours. */
async function readRelations(zip: ZipFile, name: string, folder: string): Promise<Map<string, Relation>> {
  const relations = new Map<string, Relation>();
  const entry = zip.find(name);
  if (!entry) return relations;
  for (const token of xmlTokens(await textOf(zip, entry))) {
    if (token.kind === 'text' || token.name !== 'Relationship') continue;
    const target = attributeOf(token, 'Target');
    if (target === undefined || attributeOf(token, 'TargetMode') === 'External') continue;
    relations.set(attributeOf(token, 'Id') ?? '', {
      type: attributeOf(token, 'Type') ?? '',
      target: target.startsWith('/') ? target.slice(1) : folder + target,
    });
  }
  return relations;
}

function sheetsOf(xml: string, relations: ReadonlyMap<string, Relation>) {
  const sheets: { name: string; hidden: boolean; target: string }[] = [];
  for (const token of xmlTokens(xml)) {
    if (token.kind === 'text' || token.kind === 'close' || token.name !== 'sheet') continue;
    const relation = relations.get(attributeOf(token, 'id') ?? '');
    // A chart sheet has no cells.
    if (!relation?.type.endsWith('/worksheet')) continue;
    const { target } = relation;
    sheets.push({
      name: attributeOf(token, 'name') ?? '',
      hidden: (attributeOf(token, 'state') ?? 'visible') !== 'visible',
      target,
    });
  }
  return sheets;
}

async function textOf(zip: ZipFile, entry: ZipEntry): Promise<string> {
  return xmlText((await zip.read(entry, PACKED_BYTES, PART_BYTES)).bytes);
}

/** XML of a workbook is UTF-8, or UTF-16 with a byte order mark. */
export function xmlText(bytes: Uint8Array): string {
  const [one, two] = bytes;
  if (one === 0xff && two === 0xfe) return decode(bytes, 'utf-16le');
  if (one === 0xfe && two === 0xff) return decode(bytes, 'utf-16be');
  return decode(bytes, 'utf-8');
}

/** A text may be in runs, each with its own look; phonetic hints are not part of it. */
function stringsOf(xml: string): string[] {
  const strings: string[] = [];
  let text = '';
  let wanted = false;
  let phonetic = false;
  for (const token of xmlTokens(xml)) {
    if (token.kind === 'text') {
      if (wanted && !phonetic && text.length < MAX_CELL_TEXT) text += token.text.slice(0, MAX_CELL_TEXT);
    } else if (token.name === 't') wanted = token.kind === 'open';
    else if (token.name === 'rPh') phonetic = token.kind === 'open';
    else if (token.name === 'si') {
      if (token.kind !== 'open') {
        strings.push(text);
        if (strings.length >= MAX_STRINGS) break;
      }
      text = '';
    }
  }
  return strings;
}
