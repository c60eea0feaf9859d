/** Places for sessions of one pool, as far as its organization and the process have some left. */
export interface SessionBudget {
  /** Takes a place for one session; false where there is none. */
  take(): boolean;
  giveBack(): void;
}

/** How many sessions may be open at once. */
export interface SessionCaps {
  readonly process: number;
  readonly organization: number;
}

/**
 * Counts the sessions of the process and of each organization. Where a cap is reached, a session that has been idle
 * elsewhere makes room: ten thousand sources that are used now and then fit into one process.
 */
export class SessionCounts {
  private total = 0;
  private readonly byOrg = new Map<string, number>();

  /**
   * @param evict closes the session that has been idle for longest, of an organization or of all; false where none is
   *   idle.
   */
  constructor(
    private readonly caps: SessionCaps,
    private readonly evict: (orgId?: string) => boolean,
  ) {}

  of(orgId: string): SessionBudget {
    return {
      take: () => {
        if (this.count(orgId) >= this.caps.organization && !this.evict(orgId)) return false;
        if (this.total >= this.caps.process && !this.evict()) return false;
        this.add(orgId, 1);
        return true;
      },
      giveBack: () => this.add(orgId, -1),
    };
  }

  private count(orgId: string): number {
    return this.byOrg.get(orgId) ?? 0;
  }

  private add(orgId: string, sessions: number): void {
    this.total += sessions;
    const now = this.count(orgId) + sessions;
    if (now === 0) this.byOrg.delete(orgId);
    else this.byOrg.set(orgId, now);
  }
}
