import type { MongoDbTestServer } from '../servers/server-types.js';
import { MongoDbMember, type MemberOptions, type MemberRole } from './mongodb-member.js';
import type { Document } from './mongodb-messages.js';

const SET_NAME = 'rs0';

/** Members of one deployment of MongoDB before one FerretDB; see MongoDbMember for what is real. */
export class MongoDbDeployment {
  private constructor(readonly members: MongoDbMember[]) {}

  static async start(
    target: MongoDbTestServer,
    roles: readonly MemberRole[],
    options: MemberOptions = {},
  ): Promise<MongoDbDeployment> {
    const deployment = new MongoDbDeployment([]);
    for (const role of roles)
      deployment.members.push(
        await MongoDbMember.start(target, role, (member) => deployment.greetingOf(member), options),
      );
    return deployment;
  }

  /** The only member of a role. */
  the(role: MemberRole): MongoDbMember {
    const found = this.members.filter((member) => member.role === role);
    const [one] = found;
    if (!one || found.length > 1) throw new Error(`${String(found.length)} members are ${role}`);
    return one;
  }

  /** From now on that member is the primary; the one before steps down, if it lives. */
  elect(member: MongoDbMember): void {
    for (const other of this.members) if (other.role === 'primary') other.role = 'secondary';
    member.role = 'primary';
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.stop()));
  }

  private greetingOf(member: MongoDbMember): Document {
    const { role } = member;
    if (role === 'single') return {};
    if (role === 'router') return { msg: 'isdbgrid' };
    const named = (roles: readonly MemberRole[]): string[] =>
      this.members.filter((one) => roles.includes(one.role)).map(nameOf);
    const [primary] = named(['primary']);
    const isPrimary = role === 'primary';
    return {
      setName: SET_NAME,
      setVersion: 1,
      hosts: named(['primary', 'secondary', 'recovering']),
      ...(named(['arbiter']).length > 0 ? { arbiters: named(['arbiter']) } : {}),
      ...(primary === undefined ? {} : { primary }),
      me: nameOf(member),
      ismaster: isPrimary,
      isWritablePrimary: isPrimary,
      secondary: role === 'secondary' || role === 'hidden',
      ...(role === 'hidden' ? { hidden: true, passive: true } : {}),
      ...(role === 'arbiter' ? { arbiterOnly: true } : {}),
    };
  }
}

const nameOf = ({ host, port }: MongoDbMember): string => `${host}:${String(port)}`;
