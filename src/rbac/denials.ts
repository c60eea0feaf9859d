import type { Actor } from '../common/actor.js';
import type { Permission } from './permissions.js';

/** Hears of each attempt at something that the actor may not do. Audit implements it; this module knows no audit. */
export abstract class Denials {
  /** Never rejects: what was refused stays refused, whether or not it could be written down. */
  abstract record(actor: Actor, permission: Permission, attempted: string): Promise<void>;
}
