import type { ErrorCode } from '../../common/app-error.js';
import type { Capability, Remedy, ServerInfo } from '../spi/index.js';

/** What one step of a test found. The API serves this as it is. */
export interface TestStep {
  readonly name: string;
  /** Whether the source is of no use without it. */
  readonly mandatory: boolean;
  readonly status: 'passed' | 'failed' | 'warning' | 'skipped';
  readonly started_at: string;
  readonly duration_ms: number;
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly remedy?: Remedy & { readonly docs_url: string };
  readonly detail?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * `ok` all steps passed · `degraded` usable, with a warning · `failed` a mandatory step failed · `unsupported` this kind
 * of source cannot be tested so · `inconclusive` the product or a limit got in the way, the source may be well ·
 * `not_permitted` the product's own rules forbid to try.
 */
export type TestOutcome = 'ok' | 'degraded' | 'failed' | 'unsupported' | 'inconclusive' | 'not_permitted';

export interface TestResult {
  readonly run_id: string;
  readonly outcome: TestOutcome;
  readonly duration_ms: number;
  readonly server?: ServerInfo;
  /** The address of ours that the socket to the source had; absent where none was opened. A NAT behind us shows its own. */
  readonly egress_ip?: string;
  readonly failed_at?: string;
  /** A person must act: trying again changes nothing. */
  readonly user_action: boolean;
  readonly retryable: boolean;
  readonly steps: readonly TestStep[];
  readonly capabilities: Readonly<
    Partial<
      Record<Capability, { readonly capable: boolean; readonly reason?: string; readonly remedy?: Remedy }>
    >
  >;
}
