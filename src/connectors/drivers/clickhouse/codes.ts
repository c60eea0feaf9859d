import type { CodeMap } from '../../spi/index.js';

/** Numbers of ClickHouse's ErrorCodes; those that are missing are QUERY_FAILED. */
export const CLICKHOUSE_CODES: CodeMap = {
  81: 'DATABASE_NOT_FOUND',
  159: 'TIMEOUT',
  160: 'TIMEOUT',
  164: 'PERMISSION_DENIED',
  192: 'AUTH_FAILED',
  193: 'AUTH_FAILED',
  194: 'AUTH_FAILED',
  195: 'PERMISSION_DENIED',
  201: 'THROTTLED',
  202: 'THROTTLED',
  209: 'TIMEOUT',
  210: 'UNREACHABLE',
  241: 'THROTTLED',
  279: 'UNREACHABLE',
  291: 'PERMISSION_DENIED',
  439: 'THROTTLED',
  497: 'PERMISSION_DENIED',
  516: 'AUTH_FAILED',
};
