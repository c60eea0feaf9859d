import { isRecord, RecordSketch } from '../../families/records/record-sketch.js';
import type { Dataset } from '../../spi/index.js';

/** Records of one answer that are looked into. */
const MAX_RECORDS = 1_000;

/** A resource whose fields are inferred from what it answered with: a list, an object around a list, or one object. */
export function sampledResource(schema: string, path: string, json: unknown): Dataset {
  const { records, itemsAt } = recordsIn(json);
  const sketch = new RecordSketch();
  for (const record of records.slice(0, MAX_RECORDS)) sketch.add(record);
  return {
    schema,
    name: path,
    kind: 'resource',
    fields: sketch.fields(),
    properties: {
      sampled_records: Math.min(records.length, MAX_RECORDS),
      ...(itemsAt === undefined ? {} : { items_at: itemsAt }),
    },
  };
}

type Records = readonly Readonly<Record<string, unknown>>[];

function recordsIn(json: unknown): { records: Records; itemsAt?: string } {
  if (Array.isArray(json)) return { records: (json as unknown[]).filter(isRecord), itemsAt: '' };
  if (!isRecord(json)) return { records: [] };
  // The longest list of objects is what the answer is about; what stands around it is about the page.
  const lists = Object.entries(json)
    .filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]) && entry[1].some(isRecord))
    .sort(([, a], [, b]) => b.length - a.length);
  const [list] = lists;
  return list ? { records: list[1].filter(isRecord), itemsAt: list[0] } : { records: [json] };
}
