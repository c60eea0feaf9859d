/** Why an address is not dialled. */
export type EgressRefusal = 'own_server' | 'never' | 'private' | 'organization';

/** Hears of each address that was not dialled. Audit implements it; this module knows no audit. */
export abstract class EgressDenials {
  /**
   * Never rejects: what was refused stays refused, whether or not it could be written down.
   *
   * @param where as it was asked for, `host:port`.
   */
  abstract record(orgId: string, where: string, refusal: EgressRefusal): Promise<void>;
}
