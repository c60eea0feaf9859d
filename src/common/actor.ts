/** Who does something, for whom. The first parameter of every service method that a person or a job calls. */
export interface Actor {
  readonly orgId: string;
  /** `sub` of the token, or `system:<job>` for the product's own work. */
  readonly userId: string;
  readonly roles: readonly string[];
  readonly requestId?: string;
  readonly ip?: string;
  readonly userAgent?: string;
}

/** The actor of the product's own work for an organization, such as `system:health`. */
export function systemActor(orgId: string, job: string): Actor {
  return { orgId, userId: `system:${job}`, roles: [] };
}
