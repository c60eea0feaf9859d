import { expect, test } from '@jest/globals';
import { CONNECTORS } from '../connectors/drivers/index.js';
import { proofs } from './proofs.js';

test('every type was shown to work by a contract suite, and no proof is of a type that is gone', () => {
  const proven = new Set(Object.values(proofs(false)).map(({ type }) => type));
  expect([...proven].sort()).toEqual(CONNECTORS.map(({ type }) => type).sort());
});
