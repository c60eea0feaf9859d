import { CAPS, type Analysis, type Encoding, type JsonOptions, type Sample } from '../../analysis.js';
import { ParseFault } from '../parse-fault.js';
import { decode, detectEncoding } from '../text-encoding.js';
import { readArrayBlock } from './array-blocks.js';
import { JsonReader } from './json-reader.js';
import { layoutOf, type JsonLayout } from './layout.js';
import { LineTally } from './line-tally.js';
import { ShapeSink } from './shape.js';
import { recordFields } from './shape-fields.js';

/** One piece of the file as text. */
interface Part {
  readonly text: string;
  /** Bytes of the file for each character. */
  readonly scale: number;
  /** It ends where the file ends. */
  readonly last: boolean;
}

interface Reading {
  readonly records: number;
  /** Bytes of the file that the records take; what was passed over is not in it. */
  readonly bytes: number;
  readonly partial?: string | undefined;
}

/** Fields of a JSON file by a sample of it. Throws ParseFault. */
export function analyzeJson(sample: Sample, options: JsonOptions): Analysis {
  const { encoding, bomBytes } = encodingOf(sample);
  const [head, ...blocks] = sample.pieces.map(({ offset, bytes }, index): Part => {
    const body = index === 0 ? bytes.subarray(bomBytes) : bytes;
    const text = decode(body, encoding);
    return { text, scale: body.length / (text.length || 1), last: offset + bytes.length >= sample.size };
  });
  if (!head) throw new ParseFault('Nothing of the file was read.');
  const layout = layoutOf(head.text, head.last, options.layout);
  const sink = new ShapeSink();
  const reading = READERS[layout](head, blocks, sink);
  const partial =
    reading.partial ??
    (sink.truncated ? `The file has more than ${CAPS.fields} fields; the first are listed.` : undefined);
  const rows = head.last || layout === 'value' ? reading.records : estimate(reading, sample.size);
  return {
    fields: recordFields(sink.record),
    ...(rows === undefined ? {} : { rowEstimate: rows }),
    properties: { layout, encoding, sampled: !head.last },
    ...(partial === undefined ? {} : { partial }),
  };
}

/** JSON is UTF-8, or UTF-16 with a byte order mark; nothing else is guessed. */
function encodingOf(sample: Sample): { encoding: Encoding; bomBytes: number } {
  const { encoding, bomBytes } = detectEncoding(sample);
  return { encoding: encoding === 'latin-1' ? 'utf-8' : encoding, bomBytes };
}

function estimate({ records, bytes }: Reading, size: number): number | undefined {
  return records === 0 || bytes === 0 ? undefined : Math.round(size / (bytes / records));
}

type Read = (head: Part, blocks: readonly Part[], sink: ShapeSink) => Reading;

const READERS: Readonly<Record<JsonLayout, Read>> = { lines: readLines, array: readArray, value: readValue };

function readLines(head: Part, blocks: readonly Part[], sink: ShapeSink): Reading {
  const tally = new LineTally(sink);
  const end = endOfLines(head, 0);
  if (end === 0 && !head.last)
    throw new ParseFault(`The first line is longer than ${head.text.length} characters.`);
  tally.read(head.text, 0, end);
  let bytes = end * head.scale;
  let skipped = 0;
  for (const block of blocks) {
    const from = beginOfLines(block);
    const to = endOfLines(block, from);
    if (from === 0 || to <= from) {
      skipped++;
      continue;
    }
    tally.read(block.text, from, to);
    bytes += (to - from) * block.scale;
  }
  const { good, bad } = tally;
  if (bad > good) throw new ParseFault(`Of ${good + bad} lines that were read, ${bad} are not JSON.`);
  return {
    records: good,
    bytes,
    partial:
      bad > 0 ? `Of ${good + bad} lines that were read, ${bad} are not JSON.` : fewBlocks(skipped, blocks),
  };
}

/** Where the first whole line begins; 0 where there is none. The end of a file counts no more than any other place. */
function beginOfLines({ text, last }: Part): number {
  const near = last ? text.indexOf('\n', text.length - CAPS.parsedBytes) + 1 : 0;
  return near > 0 && near < text.length ? near : text.indexOf('\n') + 1;
}

/** Where the last whole line that is wanted ends; 0 where there is none. */
function endOfLines({ text, last }: Part, from: number): number {
  if (last) return text.length;
  const enough = text.indexOf('\n', from + CAPS.parsedBytes);
  return (enough === -1 ? text.lastIndexOf('\n') : enough) + 1;
}

function readArray(head: Part, blocks: readonly Part[], sink: ShapeSink): Reading {
  const reader = new JsonReader(head.text);
  reader.peek();
  const begin = ++reader.at;
  let end = begin;
  let records = 0;
  for (let next = reader.peek(); next !== '' && next !== ']'; next = reader.peek()) {
    if (!head.last && end - begin > CAPS.parsedBytes) break;
    const at = reader.at;
    // What is cut must not count: it is read once without counting.
    if (!head.last && !reader.value()) break;
    reader.at = at;
    sink.begin();
    reader.value(sink);
    end = reader.at;
    records++;
    if (reader.peek() === ',') reader.at++;
  }
  if (records === 0 && !head.last)
    throw new ParseFault(`The first record is longer than ${head.text.length} characters.`);
  let bytes = (end - begin) * head.scale;
  const objects = sink.record.kinds.size === 1 && sink.record.kinds.has('object');
  let skipped = 0;
  for (const block of blocks) {
    const found = objects ? readArrayBlock(block.text, sink, block.last) : undefined;
    if (found) {
      records += found.records;
      bytes += found.length * block.scale;
    } else skipped++;
  }
  return { records, bytes, partial: fewBlocks(skipped, blocks) };
}

function readValue(head: Part, _blocks: readonly Part[], sink: ShapeSink): Reading {
  sink.begin();
  const complete = new JsonReader(head.text).value(sink);
  const partial = `The file is one value; only its first ${head.text.length} characters were read.`;
  return { records: 1, bytes: head.text.length * head.scale, partial: complete ? undefined : partial };
}

function fewBlocks(skipped: number, blocks: readonly Part[]): string | undefined {
  return blocks.length > 0 && skipped > blocks.length / 2
    ? `No whole record was found in ${skipped} of ${blocks.length} blocks of the file.`
    : undefined;
}
