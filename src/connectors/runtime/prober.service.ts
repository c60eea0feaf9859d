import { Injectable } from '@nestjs/common';
import { v7 as uuid } from 'uuid';
import { AppError, type ErrorCode } from '../../common/app-error.js';
import { withDeadline } from '../../common/deadline.js';
import {
  tlsModeOf,
  toConnectorError,
  type Address,
  type Capability,
  type OpenStep,
  type ServerInfo,
  type Session,
} from '../spi/index.js';
import { endpointOf, Opener } from './opener.service.js';
import { remedyFor, tunnelRemedy } from './remedies.js';
import type { Target } from './target.types.js';
import { TUNNEL_STEPS, TunnelFault, tunnelOf, type TunnelTell } from './tunnel/tunnel-config.js';
import type { TestOutcome, TestResult, TestStep } from './test-result.js';

/** Where a fault belongs whatever step was being timed when it showed. */
const STEP_OF: Partial<Record<ErrorCode, string>> = {
  TLS_FAILED: 'tls',
  AUTH_FAILED: 'auth',
  DATABASE_NOT_FOUND: 'database',
};

/** Faults that say something about us or about this moment, not about the source. */
const INCONCLUSIVE: readonly ErrorCode[] = [
  'BUSY',
  'THROTTLED',
  'SECRET_BACKEND_UNAVAILABLE',
  'INTERNAL',
  'CANCELLED',
];

const OPEN_STEPS: readonly OpenStep[] = ['tcp', 'tls', 'auth', 'database'];

/** What a test goes through: the whole way, or the tunnel alone. */
export type ProbeScope = 'source' | 'tunnel';

/** What is not safe about the modes of TLS that do not verify everything. */
const TLS_WARNINGS: Readonly<Record<string, string>> = {
  disable: 'Passwords and data travel unencrypted: tls.mode is "disable".',
  require:
    'Nobody checked who answers: tls.mode is "require", which takes any certificate. "verify_full" is safe.',
  verify_ca: 'The name in the certificate was not checked: tls.mode is "verify_ca". "verify_full" is safe.',
};

const CLEAR_BEHIND_TUNNEL =
  'Behind the SSH server passwords and data travel unencrypted: tls.mode is "disable".';

/** A filter that no dataset passes: it proves that the catalog may be read, at next to no cost for the source. */
const NOTHING = ['\u2205.\u2205'];

/**
 * The layered test of a source: each layer is a step with its time, its code and an exact remedy. Create, test, retry
 * and health share it.
 */
@Injectable()
export class Prober {
  constructor(private readonly opener: Opener) {}

  /** Tests a target whose configuration is valid and whose secrets are loaded. Never rejects for a fault of the source. */
  async probe(target: Target, signal: AbortSignal, scope: ProbeScope = 'source'): Promise<TestResult> {
    const run = new Run(target, scope);
    run.pass('config');
    run.pass('secret');
    let session: Session | undefined;
    try {
      if (scope === 'tunnel') {
        run.begin('dns');
        await this.opener.openTunnel(target, signal, tellTo(run));
        return run.result(undefined);
      }
      const address =
        endpointOf(target) && !tunnelOf(target.config)
          ? await run.step('dns', () => this.opener.locate(target, signal))
          : undefined;
      session = await this.openInSteps(run, target, signal, address);
      const opened = session;
      const ms = Math.min(target.pool.query_timeout_ms, target.pool.connect_timeout_ms);
      await run.step('probe', () => withDeadline(ms, signal, (inner) => opened.ping(inner)));
      await this.checkDiscovery(run, opened, ms, signal);
    } catch (error) {
      run.fail(error);
    } finally {
      await session?.close();
    }
    return run.result(session?.server);
  }

  /** Opens the session; the driver's own marks end the steps, the one that is missing one failed. */
  private async openInSteps(
    run: Run,
    target: Target,
    signal: AbortSignal,
    address?: Address,
  ): Promise<Session> {
    const tunnel = tunnelOf(target.config);
    if (!address && !tunnel) return run.step('open', () => this.opener.open(target, signal));
    const left = [...OPEN_STEPS];
    const mode = tlsModeOf(target.config);
    const warning = mode === 'disable' && tunnel ? CLEAR_BEHIND_TUNNEL : TLS_WARNINGS[mode];
    const nameOf = (step: OpenStep): string => (step === 'tcp' && tunnel ? 'ssh_forward' : step);
    const reach = (done: OpenStep, detail?: TestStep['detail']): void => {
      for (let [step] = left; step && OPEN_STEPS.indexOf(step) <= OPEN_STEPS.indexOf(done); [step] = left) {
        left.shift();
        const told = step === done ? detail : undefined;
        if (step === 'tls' && warning !== undefined) run.warn(step, warning, told);
        else run.end(nameOf(step), told);
        // Here, not at the end: layers are shown in their order, and what follows travels in clear.
        if (mode === 'disable' && warning !== undefined && left[0] === 'tls') {
          left.shift();
          run.begin('tls');
          run.warn('tls', warning);
        }
        const [next] = left;
        if (next) run.begin(next);
      }
    };
    run.begin(tunnel ? 'dns' : 'tcp');
    const session = await this.opener.open(target, signal, {
      address,
      done: reach,
      // Lines that come later go through the same tunnel, and are no steps.
      tell: (step, detail) => {
        if (left[0] === 'tcp') tellTo(run)(step, detail);
      },
    });
    reach('database');
    return session;
  }

  private async checkDiscovery(run: Run, session: Session, ms: number, signal: AbortSignal): Promise<void> {
    if (!run.target.definition.capabilities.includes('discover')) return;
    const { discover } = session as Session<'discover'>;
    try {
      await run.step('capability.discover', () =>
        withDeadline(ms, signal, async (inner) => {
          const request = { include: NOTHING, exclude: [], strategy: 'balanced' as const };
          for await (const event of discover.discover(request, inner))
            if (event.event === 'scope_ended' && event.status === 'failed')
              throw new AppError(event.code ?? 'QUERY_FAILED', event.reason ?? 'The catalog cannot be read.');
        }),
      );
    } catch (error) {
      run.incapable('discover', error);
    }
  }
}

/** Ends the steps of a tunnel; after a jump host the way begins again at the next server. */
function tellTo(run: Run): TunnelTell {
  return (step, detail) => {
    run.end(step, detail);
    const next = TUNNEL_STEPS[TUNNEL_STEPS.indexOf(step) + 1] ?? 'ssh_connect';
    run.begin(next);
  };
}

/** One test while it runs. */
class Run {
  private readonly id = uuid();
  private readonly startedAt = performance.now();
  private readonly steps: TestStep[] = [];
  private readonly capabilities: Partial<Record<Capability, { capable: boolean; reason?: string }>> = {};
  private current: { name: string; at: string; from: number } | undefined;
  private failure: AppError | undefined;
  private failedAt: string | undefined;
  private egressIp: string | undefined;

  constructor(
    readonly target: Target,
    private readonly scope: ProbeScope,
  ) {
    if (scope === 'source')
      for (const name of target.definition.capabilities) this.capabilities[name] = { capable: true };
  }

  begin(name: string): void {
    this.current = { name, at: new Date().toISOString(), from: performance.now() };
  }

  end(name: string, detail?: TestStep['detail']): void {
    if (typeof detail?.egress_ip === 'string') this.egressIp = detail.egress_ip;
    this.push(name, 'passed', detail ? { detail } : {});
  }

  pass(name: string): void {
    this.begin(name);
    this.end(name);
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.begin(name);
    const value = await work();
    this.end(name);
    return value;
  }

  /** Ends a step that passed, and is not safe. */
  warn(name: string, message: string, detail?: TestStep['detail']): void {
    this.push(name, 'warning', { message, ...(detail ? { detail } : {}) });
  }

  /** Ends the test at the step that the fault belongs to. */
  fail(error: unknown): void {
    const fault = toConnectorError(error);
    const about = fault instanceof TunnelFault ? undefined : STEP_OF[fault.code];
    const name = about ?? this.current?.name ?? (this.scope === 'tunnel' ? 'dns' : 'probe');
    this.failure = fault;
    this.failedAt = name;
    // A layer is shown once: where it failed, its warning says nothing more.
    if (this.steps.at(-1)?.name === name) this.steps.pop();
    this.push(name, 'failed', this.explain(fault));
  }

  incapable(capability: Capability, error: unknown): void {
    const fault = toConnectorError(error);
    this.capabilities[capability] = { capable: false, reason: fault.message };
    this.push(`capability.${capability}`, 'warning', this.explain(fault), false);
  }

  result(server: ServerInfo | undefined): TestResult {
    return {
      run_id: this.id,
      outcome: this.outcome(),
      duration_ms: round(performance.now() - this.startedAt),
      ...(server ? { server } : {}),
      ...(this.egressIp === undefined ? {} : { egress_ip: this.egressIp }),
      ...(this.failedAt === undefined ? {} : { failed_at: this.failedAt }),
      user_action: this.asksForPerson(),
      retryable: this.failure?.retryable ?? false,
      steps: [...this.steps, ...this.skipped()],
      capabilities: this.failure ? {} : this.capabilities,
    };
  }

  private explain(fault: AppError): Pick<TestStep, 'code' | 'message' | 'remedy' | 'detail'> {
    const { code, message } = fault;
    if (fault instanceof TunnelFault)
      return { code, message, remedy: tunnelRemedy(fault), detail: fault.facts };
    const remedy = remedyFor(code, this.target.definition, this.target.config);
    return { code, message, ...(remedy ? { remedy } : {}) };
  }

  private push(name: string, status: TestStep['status'], more: Partial<TestStep>, mandatory = true): void {
    const { at, from } = this.current ?? { at: new Date().toISOString(), from: performance.now() };
    this.steps.push({
      name,
      mandatory,
      status,
      started_at: at,
      duration_ms: round(performance.now() - from),
      ...more,
    });
    this.current = undefined;
  }

  /** What was not reached, so that a reader sees the whole ladder. */
  private skipped(): TestStep[] {
    if (!this.failure) return [];
    const { config, definition } = this.target;
    const reached = OPEN_STEPS.filter((step) => step !== 'tls' || tlsModeOf(config) !== 'disable');
    let ladder: string[] = endpointOf(this.target) ? ['dns', ...reached, 'probe'] : ['open', 'probe'];
    if (tunnelOf(config)) ladder = [...TUNNEL_STEPS, ...reached.filter((step) => step !== 'tcp'), 'probe'];
    if (this.scope === 'tunnel') ladder = [...TUNNEL_STEPS];
    else if (definition.capabilities.includes('discover')) ladder.push('capability.discover');
    const at = new Date().toISOString();
    return ladder
      .slice(ladder.indexOf(this.failedAt ?? '') + 1)
      .filter((name) => !this.steps.some((step) => step.name === name))
      .map((name) => ({ name, mandatory: true, status: 'skipped' as const, started_at: at, duration_ms: 0 }));
  }

  /** What was cut off or kept waiting by the product says nothing about the source: nobody has to mend that. */
  private asksForPerson(): boolean {
    const blame = this.failure?.blame;
    return this.outcome() !== 'inconclusive' && (blame === 'config' || blame === 'caller');
  }

  private outcome(): TestOutcome {
    if (!this.failure) return this.steps.some(({ status }) => status === 'warning') ? 'degraded' : 'ok';
    if (this.failure.code === 'EGRESS_DENIED') return 'not_permitted';
    if (this.failure.code === 'UNSUPPORTED' || this.failure.code === 'DRIVER_MISSING') return 'unsupported';
    return INCONCLUSIVE.includes(this.failure.code) ? 'inconclusive' : 'failed';
  }
}

function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
