import { Type, type Static } from 'typebox';
import { AppError } from '../../../common/app-error.js';
import { googleAccountOf } from '../../families/http/google-account.js';
import { connectionSpec, secret, text, trust, type ConnectionFault } from '../../spi/index.js';

export const bigquerySpec = connectionSpec('bigquery', {
  project: text('Project', {
    description: 'Id of the project that owns the datasets.',
    pattern: '^([a-z0-9.-]{1,100}:)?[a-z][a-z0-9-]{4,61}[a-z0-9]$',
    examples: ['my-company-analytics'],
    'x-destination': true,
    'x-group': 'server',
  }),
  dataset: Type.Optional(
    text('Dataset', {
      description: 'The one dataset to discover; without it, all of the project that the account may see.',
      maxLength: 1_024,
      pattern: '^[A-Za-z0-9_-]+$',
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  service_account: Type.Optional(
    secret('Service account key', {
      description: 'The text of a key file of the type service_account, JSON as Google hands it out.',
      'x-widget': 'textarea',
    }),
  ),
  ...trust(),
});

export type BigqueryConfig = Static<typeof bigquerySpec>;

/** Keys of other kinds name files, commands and URLs that would be read, run and called. */
export function checkBigquery({ service_account: key }: BigqueryConfig): readonly ConnectionFault[] {
  if (key === undefined) return [];
  try {
    googleAccountOf(key);
    return [];
  } catch (error) {
    const detail = error instanceof AppError ? error.message : 'It is not valid.';
    return [{ pointer: '/service_account', code: 'invalid', detail }];
  }
}
