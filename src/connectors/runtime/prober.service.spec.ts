import { expect, it } from '@jest/globals';
import { AppError } from '../../common/app-error.js';
import type { ConnectorDefinition, OpenStep, Session } from '../spi/index.js';
import type { OpenWatch } from './opener.service.js';
import { Prober } from './prober.service.js';
import type { Target } from './target.types.js';

const session: Session = {
  server: { product: 'Test', version: '1' },
  usable: true,
  ping: () => Promise.resolve(),
  close: () => Promise.resolve(),
};

/** Steps of a test whose driver reaches these layers, and then ends well or with a fault. */
async function stepsOf(mode: string, reached: readonly OpenStep[], fault?: AppError): Promise<string[]> {
  const opener = {
    locate: () => Promise.resolve({ host: '127.0.0.1', port: 1 }),
    open: (_target: Target, _signal: AbortSignal, { done }: OpenWatch): Promise<Session> => {
      for (const step of reached) done?.(step);
      return fault ? Promise.reject(fault) : Promise.resolve(session);
    },
  };
  const prober = new Prober(opener as unknown as ConstructorParameters<typeof Prober>[0]);
  const target: Target = {
    orgId: 'o',
    definition: { type: 't', capabilities: [] } as unknown as ConnectorDefinition,
    config: { host: 'h', port: 1, tls: { mode } },
    pool: { size: 1, connect_timeout_ms: 1_000, query_timeout_ms: 1_000, max_retries: 0 },
  };
  const { steps } = await prober.probe(target, new AbortController().signal);
  return steps.map(({ name, status }) => (status === 'passed' ? name : `${name} ${status}`));
}

const BEFORE = ['config', 'secret', 'dns', 'tcp'];

it('warns of a line without TLS where TLS would be: before the login', async () => {
  const steps = [...BEFORE, 'tls warning', 'auth', 'database', 'probe'];
  expect(await stepsOf('disable', ['tcp', 'auth', 'database'])).toEqual(steps);
  expect(await stepsOf('disable', ['tcp'])).toEqual(steps);
  expect(await stepsOf('disable', [])).toEqual(steps);
});

it('warns of it also where the login fails, but not where there is no line', async () => {
  expect(await stepsOf('disable', ['tcp'], new AppError('AUTH_FAILED', 'on purpose'))).toEqual([
    ...BEFORE,
    'tls warning',
    'auth failed',
    'database skipped',
    'probe skipped',
  ]);
  expect(await stepsOf('disable', [], new AppError('UNREACHABLE', 'on purpose'))).toEqual([
    ...BEFORE.slice(0, -1),
    'tcp failed',
    'auth skipped',
    'database skipped',
    'probe skipped',
  ]);
});

it('shows a layer once: a server that insists on TLS fails there', async () => {
  expect(await stepsOf('disable', ['tcp'], new AppError('TLS_FAILED', 'on purpose'))).toEqual([
    ...BEFORE,
    'tls failed',
    'auth skipped',
    'database skipped',
    'probe skipped',
  ]);
});

it('lets TLS pass between the line and the login', async () => {
  const steps = [...BEFORE, 'tls', 'auth', 'database', 'probe'];
  expect(await stepsOf('verify_full', ['tcp', 'tls', 'auth', 'database'])).toEqual(steps);
  expect(await stepsOf('verify_full', ['auth'])).toEqual(steps);
});

it.each(['require', 'verify_ca'])(
  'warns of TLS with the mode %s, which does not verify everything',
  async (mode) => {
    const steps = [...BEFORE, 'tls warning', 'auth', 'database', 'probe'];
    expect(await stepsOf(mode, ['tcp', 'tls', 'auth', 'database'])).toEqual(steps);
    expect(await stepsOf(mode, ['auth'])).toEqual(steps);
    expect(await stepsOf(mode, ['tcp'], new AppError('TLS_FAILED', 'on purpose'))).toEqual([
      ...BEFORE,
      'tls failed',
      'auth skipped',
      'database skipped',
      'probe skipped',
    ]);
  },
);
