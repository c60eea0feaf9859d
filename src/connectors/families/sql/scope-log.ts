import { toConnectorError, type CodeMap, type DiscoveryEvent } from '../../spi/index.js';
import type { ScopeFault, ScopeHead } from './sql-driver.js';

/**
 * Says for each scope in its order that it starts and how it ends, while datasets of later and later scopes come in.
 * A scope without datasets is said too; one that cannot be read fails with its reason, and is never an empty one.
 */
export class ScopeLog {
  private readonly faults = new Map<string, ScopeFault>();
  private at = -1;

  constructor(
    private readonly scopes: readonly ScopeHead[],
    private readonly codes: CodeMap,
  ) {
    for (const { name, fault } of scopes)
      if (fault !== undefined) this.fault({ scope: name, status: 'failed', error: fault });
  }

  /** Nothing is missing so far. */
  get complete(): boolean {
    return this.faults.size === 0;
  }

  /** Notes what is missing in a scope that has not ended yet. The worst fault counts. */
  fault(fault: ScopeFault): void {
    const known = this.faults.get(fault.scope);
    if (known?.status !== 'failed') this.faults.set(fault.scope, fault);
  }

  /** The events that lead to `scope` being the one that is read. */
  *moveTo(scope: string): Generator<DiscoveryEvent> {
    while (this.scopes[this.at]?.name !== scope) {
      if (this.at + 1 >= this.scopes.length)
        throw new Error('A driver gave a dataset of a scope that is not listed, or out of order.');
      yield* this.next();
    }
  }

  /** Ends the scope at hand and all that follow. */
  *finish(): Generator<DiscoveryEvent> {
    while (this.at < this.scopes.length) yield* this.next();
  }

  private *next(): Generator<DiscoveryEvent> {
    const ended = this.scopes[this.at];
    if (ended) yield this.end(ended.name);
    this.at += 1;
    const started = this.scopes[this.at];
    if (!started) return;
    const { name, datasets } = started;
    yield { event: 'scope_started', scope: name, ...(datasets === undefined ? {} : { datasets }) };
  }

  private end(scope: string): DiscoveryEvent {
    const fault = this.faults.get(scope);
    if (!fault) return { event: 'scope_ended', scope, status: 'complete' };
    const { code, message } = toConnectorError(fault.error, this.codes);
    return { event: 'scope_ended', scope, status: fault.status, code, reason: message };
  }
}
