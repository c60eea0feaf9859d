import { afterEach, expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import type { ConnectorDefinition, Session } from '../spi/index.js';
import { SessionPools } from './session-pools.service.js';
import type { Target } from './target.types.js';

let pools: SessionPools | undefined;
afterEach(() => pools?.onApplicationShutdown());

const session: Session = {
  server: { product: 'Test', version: '1' },
  usable: true,
  ping: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Opens after so many failures of a code; gives back how often it was tried, and how it ended. */
async function tries(failures: number, code: 'UNREACHABLE' | 'AUTH_FAILED', retries: number) {
  let tried = 0;
  const opener = {
    open: (): Promise<Session> =>
      ++tried > failures ? Promise.resolve(session) : Promise.reject(new AppError(code, 'on purpose')),
  };
  pools = new SessionPools(opener as unknown as ConstructorParameters<typeof SessionPools>[0]);
  const target: Target = {
    orgId: 'o',
    definition: { type: 't', concurrency: 'exclusive' } as unknown as ConnectorDefinition,
    config: {},
    pool: { size: 1, connect_timeout_ms: 1_000, query_timeout_ms: 1_000, max_retries: retries },
  };
  const ended = await pools
    .use('k', target, { deadlineMs: 20_000 }, () => Promise.resolve('worked'))
    .catch((error: unknown) => (error instanceof AppError ? error.code : error));
  return [tried, ended];
}

it('tries a refused connection again, as often as the source allows', async () => {
  expect(await tries(2, 'UNREACHABLE', 3)).toEqual([3, 'worked']);
  expect(await tries(5, 'UNREACHABLE', 1)).toEqual([2, 'UNREACHABLE']);
  expect(await tries(5, 'UNREACHABLE', 0)).toEqual([1, 'UNREACHABLE']);
});

it('sends a refused password once: accounts lock themselves', async () => {
  expect(await tries(1, 'AUTH_FAILED', 3)).toEqual([1, 'AUTH_FAILED']);
});
