import { Injectable } from '@nestjs/common';
import type { Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { Denials } from './denials.js';
import { grants, type Permission } from './permissions.js';

/** Decides what an actor may do. */
@Injectable()
export class Access {
  constructor(private readonly denials: Denials) {}

  allows(actor: Actor, permission: Permission): boolean {
    return grants(actor.roles, permission);
  }

  /**
   * Passes where the actor has the permission; the refusal is audited. For what depends on the body or the query:
   * routes themselves declare theirs by `@RequirePermission`.
   *
   * @param attempted what was tried, in words of ours, such as `DataSourcesController.create`.
   * @throws AppError FORBIDDEN that names the permission.
   */
  async require(actor: Actor, permission: Permission, attempted: string): Promise<void> {
    if (this.allows(actor, permission)) return;
    await this.denials.record(actor, permission, attempted);
    throw new AppError('FORBIDDEN', `This needs the permission ${permission}.`, {
      hint: 'Ask an administrator of your organization for a role that has it; see docs/access.md.',
    });
  }
}
