import { afterEach, beforeAll } from '@jest/globals';
import { mongodb } from '../../src/connectors/drivers/mongodb.js';
import type { Session } from '../../src/connectors/spi/index.js';
import { MongoDbDeployment } from '../doubles/mongodb-deployment.js';
import type { MemberOptions, MemberRole, MongoDbMember } from '../doubles/mongodb-member.js';
import type { MongoDbTestServer } from '../servers/server-types.js';
import { servers } from '../support/servers.js';
import { until } from '../support/until.js';
import {
  anywhere,
  discoverAll,
  openSession,
  remember,
  type Address,
  type Connection,
  type OpenOptions,
} from './contract-source.js';

export const memberName = ({ host, port }: Address): string => `${host}:${String(port)}`;

/** What suites of deployments work with, inside of a `describeOn('mongodb', …)`; no test may leave a line to any member. */
export function deploymentBench() {
  let server: MongoDbTestServer;
  let deployment: MongoDbDeployment | undefined;
  beforeAll(async () => {
    server = await servers.mongodb();
    remember(server.password);
  });
  const stop = async (): Promise<void> => {
    const ended = deployment;
    deployment = undefined;
    try {
      await until(
        () => (ended?.members ?? []).every(({ open }) => open === 0),
        'no line is left to any member',
      );
    } finally {
      await ended?.stop();
    }
  };
  afterEach(stop);

  /** Starts a deployment, and ends the one before. */
  const start = async (roles: readonly MemberRole[], options?: MemberOptions): Promise<MongoDbDeployment> => {
    await stop();
    deployment = await MongoDbDeployment.start(server, roles, options);
    return deployment;
  };

  /** Starts a deployment of one member. */
  const startOne = async (role: MemberRole, options?: MemberOptions): Promise<MongoDbMember> =>
    (await start([role], options)).the(role);

  /** Opens as the administrator without TLS; a change to undefined takes a field away. */
  const open = (
    at: Address,
    changes: Connection = {},
    options: OpenOptions = {},
  ): Promise<Session<'discover'>> => {
    const { username, password } = server;
    const login = { username, password, tls: { mode: 'disable' } };
    const whole = { type: 'mongodb', host: at.host, port: at.port, ...login, ...changes };
    return openSession(mongodb, JSON.parse(JSON.stringify(whole)) as Connection, options);
  };

  /** Opens, reads, and tells what a test shows of the member that was read, and where lines were asked for. */
  const read = async (at: Address, changes: Connection = {}) => {
    const located: number[] = [];
    const steps: [string, unknown][] = [];
    const session = await open(at, changes, {
      locate: (where) => {
        located.push(where.port);
        return anywhere(where);
      },
      onStep: (step, detail) => void steps.push([step, detail]),
    });
    await discoverAll(session);
    await session.close();
    return { shown: steps.at(-1)?.[1], located };
  };

  return { start, startOne, open, read };
}
