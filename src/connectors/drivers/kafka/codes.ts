import { AppError, type ErrorCode } from '../../../common/app-error.js';

/** Error numbers of the Kafka protocol. */
const CODES: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  3: ['QUERY_FAILED', 'The topic is not there any more.'],
  5: ['THROTTLED', 'The partition has no leader for now.'],
  6: ['THROTTLED', 'The partition has another leader now.'],
  7: ['TIMEOUT', 'The source did not answer in time.'],
  14: ['THROTTLED', 'The coordinator is loading.'],
  15: ['THROTTLED', 'The coordinator is not available for now.'],
  29: ['PERMISSION_DENIED', 'The account may not see the topic.'],
  30: ['PERMISSION_DENIED', 'The account may not see the group.'],
  31: ['PERMISSION_DENIED', 'The account may not describe the cluster.'],
  33: ['AUTH_FAILED', 'The broker does not offer this SASL mechanism.'],
  34: ['PROTOCOL', 'The broker expects no SASL here.'],
  35: ['PROTOCOL', 'The broker does not know this version of a request.'],
  58: ['AUTH_FAILED', 'The source refused the credentials.'],
};

/** Throws where a broker answered with an error; its own text is dropped. */
export function expectNone(error: number): void {
  if (error === 0) return;
  const [code, text] = CODES[error] ?? ['QUERY_FAILED', 'The source failed to answer a query.'];
  throw new AppError(code, `${text} (${String(error)})`);
}
