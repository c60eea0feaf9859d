import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { openEnvelope, sealEnvelope } from './envelope.js';

const ref = { orgId: 'org', dataSourceId: 'source', field: 'password' };

describe('the envelope of a secret', () => {
  test('gives back any value as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (value, destination) => {
        const text = sealEnvelope(ref, destination, value);
        expect(openEnvelope(text, ref, destination)).toEqual({ is: 'right', value });
      }),
    );
  });

  test('holds the destination as a digest only', () => {
    expect(sealEnvelope(ref, 'db.internal:5432', 'x')).not.toContain('internal');
  });

  test('is found out of place', () => {
    const text = sealEnvelope(ref, 'here', 'x');
    for (const other of [{ orgId: 'b' }, { dataSourceId: 'b' }, { field: 'b' }])
      expect(openEnvelope(text, { ...ref, ...other }, 'here')).toEqual({ is: 'moved' });
    expect(openEnvelope(text, ref, 'there')).toEqual({ is: 'bound_elsewhere' });
  });

  test.each(['', 'x', 'null', '[]', '{}', '"x"', '{"v":1}', '{"v":2}'])('is not %p', (text) => {
    expect(openEnvelope(text, ref, 'here')).toEqual({ is: 'moved' });
  });
});
