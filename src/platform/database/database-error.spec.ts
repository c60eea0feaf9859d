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
