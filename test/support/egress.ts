import { EgressDenials, type EgressRefusal } from '../../src/connectors/runtime/egress-denials.js';
import { EgressPolicy } from '../../src/connectors/runtime/egress.policy.js';
import { Egress } from '../../src/connectors/runtime/egress.service.js';
import type { Config } from '../../src/platform/config/config.js';
import { Metrics } from '../../src/platform/telemetry/metrics.js';

/** Keeps what was refused. */
export class SeenDenials extends EgressDenials {
  readonly seen: { readonly orgId: string; readonly where: string; readonly refusal: EgressRefusal }[] = [];

  record(orgId: string, where: string, refusal: EgressRefusal): Promise<void> {
    this.seen.push({ orgId, where, refusal });
    return Promise.resolve();
  }
}

/** The judge of addresses without the rest of the product. @param allow the allow-lists of organizations. */
export function egressOf(
  config: Config,
  allow: Readonly<Record<string, readonly string[]>> = {},
  denials: EgressDenials = new SeenDenials(),
): Egress {
  const listOf = (orgId: string): Promise<EgressPolicy | undefined> =>
    Promise.resolve(allow[orgId] && new EgressPolicy(allow[orgId]));
  return new Egress(config, { listOf }, denials, new Metrics());
}
