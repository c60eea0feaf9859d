import { createHash, createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { claimsOf, startCloudService, type CloudService } from './cloud-service.js';
import type { Reply, SeenRequest } from './http-api-server.js';

export const ACCOUNT = 'myorg-test_account';
const HOST = 'myorg-test-account.snowflakecomputing.com';
export const USER = 'DATAWAVE';

export type ShownRow = Readonly<Record<string, string | null>>;
/** What a SHOW answers, by its text without the words behind LIMIT; undefined for what does not exist. */
export type Show = (statement: string) => readonly ShownRow[] | undefined;

export interface SnowflakeDouble extends CloudService {
  readonly privateKey: string;
  /** A programmatic access token and one of OAuth that are taken. */
  readonly accessToken: string;
  readonly oauthToken: string;
}

export function makeKeyPair(): { readonly privateKey: string; readonly publicKey: string } {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

/**
 * The SQL API of an account, for SHOW: it checks the signature, the account, the user, the fingerprint and the times of a
 * key pair's token, and other tokens by their kind; refuses every other statement; gives rows in partitions of five, the
 * later ones packed, and every third statement after a 202.
 */
export async function startSnowflake(
  show: Show,
  meddle: (request: SeenRequest) => Reply | undefined = () => undefined,
): Promise<SnowflakeDouble> {
  const { privateKey, publicKey } = makeKeyPair();
  const [accessToken, oauthToken] = [
    randomBytes(32).toString('base64url'),
    randomBytes(32).toString('base64url'),
  ];
  const der = createPublicKey(publicKey).export({ type: 'spki', format: 'der' });
  const subject = `${ACCOUNT.toUpperCase()}.${USER}`;
  const issuer = `${subject}.SHA256:${createHash('sha256').update(der).digest('base64')}`;
  const known = ({ headers }: SeenRequest): boolean => {
    const token = (headers.authorization ?? '').replace(/^Bearer /, '');
    switch (headers['x-snowflake-authorization-token-type']) {
      case 'PROGRAMMATIC_ACCESS_TOKEN':
        return token === accessToken;
      case 'OAUTH':
        return token === oauthToken;
      case 'KEYPAIR_JWT': {
        const claims = claimsOf(token, publicKey);
        return claims?.iss === issuer && claims.sub === subject;
      }
      default:
        return false;
    }
  };
  const results = new Map<string, readonly ShownRow[]>();
  let statements = 0;
  const start = (body: string): Reply => {
    const { statement } = JSON.parse(body) as { readonly statement: string };
    if (!statement.startsWith('SHOW ')) return failure(422, '000606');
    const rows = limited(statement, show(statement.replace(/ LIMIT .*$/, '')));
    if (!rows) return failure(422, '002043');
    const handle = randomUUID();
    results.set(handle, rows);
    if (++statements % 3 === 0)
      return { status: 202, body: { code: '333334', message: 'in progress', statementHandle: handle } };
    return resultOf(handle, rows);
  };
  const service = await startCloudService(HOST, (request) => {
    if (!known(request)) return failure(401, '390144');
    const meddled = meddle(request);
    if (meddled) return meddled;
    const { pathname, searchParams } = new URL(request.url, 'https://double');
    if (request.method === 'POST' && pathname === '/api/v2/statements') return start(request.body);
    const handle = /^\/api\/v2\/statements\/([^/]+)$/.exec(pathname)?.[1] ?? '';
    const rows = results.get(handle);
    if (!rows) return failure(404, '390404');
    const partition = searchParams.get('partition');
    return partition === null ? resultOf(handle, rows) : partitionOf(rows, Number(partition));
  });
  return { ...service, privateKey, accessToken, oauthToken };
}

export function failure(status: number, code: string): Reply {
  return {
    status,
    body: {
      code,
      sqlState: '42000',
      message: `the text of ${code} is for people`,
      statementHandle: randomUUID(),
    },
  };
}

const PARTITION = 5;

function limited(statement: string, rows: readonly ShownRow[] | undefined): readonly ShownRow[] | undefined {
  const [, limit, from] = / LIMIT (\d+)(?: FROM '(.*)')?$/.exec(statement) ?? [];
  if (!rows || limit === undefined) return rows;
  const first = from === undefined ? 0 : rows.findIndex(({ name }) => name === from) + 1;
  return rows.slice(first, first + Number(limit));
}

function resultOf(handle: string, rows: readonly ShownRow[]): Reply {
  const columns = Object.keys(rows[0] ?? { name: '' });
  const partitions = Math.max(1, Math.ceil(rows.length / PARTITION));
  return {
    headers: { link: `<https://elsewhere.example.com/api/v2/statements/${handle}>;rel="last"` },
    body: {
      code: '090001',
      sqlState: '00000',
      message: 'Statement executed successfully.',
      statementHandle: handle,
      statementStatusUrl: `https://elsewhere.example.com/api/v2/statements/${handle}`,
      createdOn: Date.now(),
      resultSetMetaData: {
        numRows: rows.length,
        format: 'jsonv2',
        partitionInfo: Array.from({ length: partitions }, (_, at) => ({
          rowCount: Math.min(PARTITION, rows.length - at * PARTITION),
          uncompressedSize: 1_000,
        })),
        rowType: columns.map((name) => ({ name, type: 'text', length: 16_777_216, nullable: true })),
      },
      data: valuesOf(rows.slice(0, PARTITION)),
    },
  };
}

const valuesOf = (rows: readonly ShownRow[]): (string | null)[][] => rows.map((row) => Object.values(row));

function partitionOf(rows: readonly ShownRow[], partition: number): Reply {
  const data = valuesOf(rows.slice(partition * PARTITION, (partition + 1) * PARTITION));
  return { headers: { 'content-encoding': 'gzip' }, body: gzipSync(JSON.stringify({ data })) };
}

/** The statements that were sent. */
export const statementsOf = (seen: readonly SeenRequest[]): string[] =>
  seen
    .filter(({ method }) => method === 'POST')
    .map(({ body }) => (JSON.parse(body) as { statement: string }).statement);
