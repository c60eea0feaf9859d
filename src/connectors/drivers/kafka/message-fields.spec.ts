import { describe, expect, test } from '@jest/globals';
import { fieldsOf } from './message-fields.js';

const fields = (kind: string, schema: object, references: Readonly<Record<string, object>>) =>
  fieldsOf({
    kind,
    version: 1,
    text: JSON.stringify(schema),
    references: new Map(Object.entries(references).map(([name, other]) => [name, JSON.stringify(other)])),
  });

describe('a schema that refers to others', () => {
  test('of Avro uses their types by full name', () => {
    const address = {
      type: 'record',
      name: 'shop.Address',
      fields: [{ name: 'country', type: 'geo.Country' }],
    };
    const country = { type: 'enum', name: 'Country', namespace: 'geo', symbols: ['DE', 'FR'] };
    const order = {
      type: 'record',
      name: 'Order',
      namespace: 'shop',
      fields: [{ name: 'to', type: 'Address' }],
    };
    const all = { 'shop.Address': address, 'geo.Country': country };
    expect(fields('AVRO', order, all)).toMatchObject([
      { name: 'to', type: 'object', fields: [{ name: 'country', type: 'enum', values: ['DE', 'FR'] }] },
    ]);
    expect(fields('AVRO', order, { 'shop.Address': address })).toBeUndefined();
  });

  test('of JSON Schema follows their references in their own documents', () => {
    const customer = {
      type: 'object',
      properties: { name: { $ref: '#/$defs/Name' }, home: { $ref: 'a/b.json#/definitions/Address' } },
      $defs: { Name: { type: 'string', format: 'uuid' } },
    };
    const places = { definitions: { Address: { type: 'object', properties: { zip: { type: 'integer' } } } } };
    const order = {
      type: 'object',
      properties: {
        who: { $ref: 'customer.json' },
        own: { $ref: '#/$defs/Own' },
        far: { $ref: 'https://evil.example/x.json' },
      },
      $defs: { Own: { type: 'boolean' } },
    };
    expect(fields('JSON', order, { 'customer.json': customer, 'a/b.json': places })).toMatchObject([
      {
        name: 'who',
        type: 'object',
        fields: [
          { name: 'name', type: 'uuid' },
          { name: 'home', type: 'object', fields: [{ name: 'zip', type: 'integer' }] },
        ],
      },
      { name: 'own', type: 'boolean' },
      { name: 'far', type: 'unknown' },
    ]);
  });

  test('goes round in circles no further than once', () => {
    const [a, b] = [{ properties: { b: { $ref: 'b' } } }, { properties: { a: { $ref: 'a' } } }];
    expect(fields('JSON', { type: 'object', ...a }, { a, b })).toMatchObject([{ name: 'b', type: 'object' }]);
  });
});
