import { parseAvroHeader } from '../avro/avro-header.js';
import { AvroReader } from '../avro/avro-reader.js';
import { AvroDecoder } from '../avro/avro-value.js';
import { unpackBlock } from '../codecs/unpack-block.js';
import { endOfValue, objectIn, parsedJson, textIn } from '../json-values.js';
import { ParseFault } from '../parse-fault.js';

const MAX_UNPACKED = 16 * 2 ** 20;

/** The Avro schema that a commit wrote with, as JSON text: commits are JSON in older tables and Avro in newer ones. */
export function schemaOfCommit(bytes: Uint8Array): string | undefined {
  return bytes[0] === 0x4f && bytes[1] === 0x62 ? schemaInAvro(bytes) : schemaInJson(bytes);
}

/** Only `extraMetadata` is wanted, which stands behind the long list of files. */
function schemaInJson(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes).toString('utf8');
  const whole = parsedJson(text);
  if (whole !== undefined) return textIn(objectIn(objectIn(whole).extraMetadata).schema);
  const at = text.lastIndexOf('"extraMetadata"');
  const from = at === -1 ? -1 : text.indexOf('{', at);
  const end = from === -1 ? -1 : endOfValue(text, from);
  return end === -1 ? undefined : textIn(objectIn(parsedJson(text.slice(from, end))).schema);
}

function schemaInAvro(bytes: Uint8Array): string | undefined {
  const { schema, codec, first } = parseAvroHeader(bytes);
  if (!first) return undefined;
  if (codec !== 'null' && codec !== 'deflate')
    throw new ParseFault('A commit of the table is packed by a codec that is not supported.');
  const packed = bytes.subarray(first.at, first.at + first.length);
  const block = unpackBlock(codec === 'null' ? 'none' : 'deflate', packed, MAX_UNPACKED);
  const value = new AvroDecoder(new AvroReader(block)).value(schema);
  const extra = value instanceof Map ? (value.get('extraMetadata') as unknown) : undefined;
  return extra instanceof Map ? textIn(extra.get('schema')) : undefined;
}
