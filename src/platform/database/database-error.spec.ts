import { expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import { toDatabaseError } from './database-error.js';

it.each([
  ['23503', 'NOT_FOUND'],
  ['23505', 'CONFLICT'],
  ['08006', 'DATABASE_UNAVAILABLE'],
  ['57P01', 'DATABASE_UNAVAILABLE'],
  ['ECONNRESET', 'DATABASE_UNAVAILABLE'],
])('%s is %s, without the words of the database', (code, known) => {
  const error = toDatabaseError(Object.assign(new Error('Key (id)=(secret) is not present'), { code }));
  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ code: known });
  expect(error.message).not.toContain('secret');
});

it.each([
  'Database connection provided by a query runner was already released, cannot continue to use its querying methods anymore.',
  'Query runner already released. Cannot run queries anymore.',
  'Connection terminated unexpectedly',
])('a connection that ended in the middle of a transaction is DATABASE_UNAVAILABLE: %s', (words) => {
  expect(toDatabaseError(new Error(words))).toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});
