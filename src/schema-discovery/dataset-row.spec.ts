import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Dataset } from '../connectors/spi/index.js';
import { searchable, storable, toRow } from './dataset-row.js';

const dataset = (changes: Partial<Dataset> = {}): Dataset => ({
  schema: 's',
  name: 't',
  kind: 'table',
  fields: [{ name: 'Id', ordinal: 1, native_type: 'int', type: 'integer', nullable: false, comment: 'Key' }],
  ...changes,
});

describe('a dataset as a row', () => {
  it('has the same hash while only estimates move', () => {
    const a = toRow(dataset({ row_estimate: 1, size_bytes: 2 }), undefined);
    const b = toRow(dataset({ row_estimate: 900 }), 'f');
    expect(a?.contentHash).toBe(b?.contentHash);
    expect(a).toMatchObject({ rowEstimate: 1, sizeBytes: 2, fingerprint: null });
    expect(b).toMatchObject({ rowEstimate: 900, sizeBytes: null, fingerprint: 'f' });
    expect(toRow(dataset({ comment: 'x' }), undefined)?.contentHash).not.toBe(a?.contentHash);
    expect(JSON.parse(String(a?.document))).toEqual(dataset());
  });

  it('is searched by names and comments, nested ones too', () => {
    const nested = dataset({
      comment: 'All ORDERS',
      fields: [
        {
          name: 'address',
          ordinal: 1,
          native_type: 'object',
          type: 'object',
          nullable: true,
          fields: [{ name: 'Zip', ordinal: 1, native_type: 'string', type: 'string', nullable: true }],
        },
      ],
    });
    expect(toRow(nested, undefined)?.search).toBe(' t all orders address zip');
  });

  it('keeps any text in one parameter with others', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const row = toRow(dataset({ name: text, comment: text }), text);
        for (const part of [row?.document, row?.search]) expect(String(part)).not.toMatch(/[\u0000\u001f]/);
        expect((JSON.parse(String(row?.document)) as Dataset).name).toBe(text);
        expect(Buffer.from(row?.name ?? '').toString()).toBe(row?.name);
      }),
    );
  });

  it('is none where the name is too long for an index', () => {
    expect(toRow(dataset({ name: 'é'.repeat(1_000) }), undefined)).toBeUndefined();
    expect(toRow(dataset({ name: 'é'.repeat(900) }), undefined)).toBeDefined();
  });

  it('holds no estimate that is no number', () => {
    for (const row_estimate of [-1, NaN, Infinity])
      expect(toRow(dataset({ row_estimate }), undefined)?.rowEstimate).toBeNull();
  });
});

it('storable text is what comes back from the database', () => {
  expect(storable('a\u0000b\ud800c🚀')).toBe('a\ufffdb\ufffdc🚀');
  expect(searchable('A\tB\u0000')).toBe('a b\ufffd');
});
