import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { demoOrders } from './demo-files.js';

describe('the sample orders', () => {
  it('are 500 rows of 10 fields that survive quoting', () => {
    const rows = parse(demoOrders(), { columns: true }) as unknown as Record<string, string>[];
    expect(rows).toHaveLength(500);
    expect(Object.keys(rows[0] ?? {})).toHaveLength(10);
    expect(rows[0]).toMatchObject({
      product: 'Shirt "Nordlicht"',
      note: 'Please ring,\nthen wait',
      quantity: '1',
    });
  });
});
