import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Session } from '../../src/connectors/spi/index.js';
import { describeOn, servers, type ServerName } from '../support/servers.js';
import { startDialling, through, type Dialling } from '../support/tunnels.js';
import { until } from '../support/until.js';

type Connection = Record<string, unknown>;
const plain = { mode: 'disable' };

/** Connections to the test servers; the hosts are names, which the SSH server looks up. */
const SOURCES: Readonly<
  Record<string, { readonly server: ServerName; connection: () => Promise<Connection> }>
> = {
  postgresql: {
    server: 'postgres',
    async connection() {
      const { port, username, password } = await servers.postgres();
      return {
        type: 'postgresql',
        host: 'localhost',
        port,
        database: 'postgres',
        username,
        password,
        tls: plain,
      };
    },
  },
  'postgresql with TLS': {
    server: 'postgres',
    async connection() {
      const { port, username, password, tls } = await servers.postgres();
      const verified = { ca: tls.ca };
      return {
        type: 'postgresql',
        host: 'localhost',
        port,
        database: 'postgres',
        username,
        password,
        tls: verified,
      };
    },
  },
  mariadb: {
    server: 'mariadb',
    async connection() {
      const { port, username, password } = await servers.mariadb();
      return {
        type: 'mariadb',
        host: 'localhost',
        port,
        database: 'mysql',
        username,
        password,
        tls: plain,
      };
    },
  },
  'mysql with TLS': {
    server: 'mysql',
    async connection() {
      const { port, username, password, tls } = await servers.mysql();
      const verified = { ca: tls.ca };
      return {
        type: 'mysql',
        host: 'localhost',
        port,
        database: 'mysql',
        username,
        password,
        tls: verified,
      };
    },
  },
  redis: {
    server: 'redis',
    async connection() {
      const { port, password } = await servers.redis();
      return { type: 'redis', host: 'localhost', port, password, tls: plain };
    },
  },
  'redis with TLS': {
    server: 'redis',
    async connection() {
      const { tlsPort, password, tls } = await servers.redis();
      return { type: 'redis', host: 'localhost', port: tlsPort, password, tls: { ca: tls.ca } };
    },
  },
  mongodb: {
    server: 'mongodb',
    async connection() {
      const { port, username, password } = await servers.mongodb();
      return {
        type: 'mongodb',
        host: 'localhost',
        port,
        database: 'admin',
        username,
        password,
        tls: plain,
      };
    },
  },
  'mongodb with TLS': {
    server: 'mongodb',
    async connection() {
      const { tlsPort: port, username, password, tls } = await servers.mongodb();
      return {
        type: 'mongodb',
        host: 'localhost',
        port,
        database: 'admin',
        username,
        password,
        tls: { ca: tls.ca },
      };
    },
  },
  'clickhouse over HTTPS': {
    server: 'clickhouse',
    async connection() {
      const { tlsPort: port, username, password, tls } = await servers.clickhouse();
      return { type: 'clickhouse', host: 'localhost', port, username, password, tls: { ca: tls.ca } };
    },
  },
  'rabbitmq over HTTP': {
    server: 'rabbitmq',
    async connection() {
      const { managementPort: port, username, password } = await servers.rabbitmq();
      return { type: 'rabbitmq', host: 'localhost', port, username, password, tls: plain };
    },
  },
  nats: {
    server: 'nats',
    async connection() {
      const { port, username, password, tls } = await servers.nats();
      return { type: 'nats', host: 'localhost', port, username, password, tls: { ca: tls.ca } };
    },
  },
  'kafka, whose brokers name themselves': {
    server: 'kafka',
    async connection() {
      const { tlsPort: port, username, password, tls } = await servers.kafka();
      const login = { sasl: 'scram_sha_512', username, password };
      return { type: 'kafka', host: 'localhost', port, ...login, tls: { ca: tls.ca } };
    },
  },
};

for (const [name, { server, connection }] of Object.entries(SOURCES))
  describeOn([server, 'sshd'], `${name}, through an SSH tunnel`, () => {
    let dialling: Dialling;
    let config: Connection;

    beforeAll(async () => {
      dialling = startDialling();
      config = { ...(await connection()), ssh_tunnel: through(await servers.sshd()) };
    });

    afterAll(() => dialling.stop());

    it('is tested layer by layer', async () => {
      const result = await dialling.prober.probe(dialling.target(config), new AbortController().signal);
      expect(result).not.toHaveProperty('failed_at');
      const names = result.steps.map((step) => step.name);
      expect(names.slice(0, 7)).toEqual([
        'config',
        'secret',
        'dns',
        'ssh_connect',
        'ssh_host_key',
        'ssh_auth',
        'ssh_forward',
      ]);
      expect(names).not.toContain('tcp');
      expect(names).toContain('auth');
      expect(result.egress_ip).toBe('127.0.0.1');
    });

    it('is discovered by two sessions at once over the one tunnel, and leaves nothing behind', async () => {
      const { opener, tunnels } = dialling;
      const signal = AbortSignal.timeout(50_000);
      const open = (): Promise<Session> => opener.open(dialling.target(config), signal);
      const sessions = (await Promise.all([open(), open()])) as Session<'discover'>[];
      const [first, second] = sessions;
      expect(tunnels.figures()).toMatchObject({ open: 1, failed: 0, reopened: 0 });
      expect(tunnels.figures().channels).toBeGreaterThanOrEqual(2);
      const request = { include: [], exclude: [], strategy: 'balanced' as const };
      const ended: string[] = [];
      for await (const event of first?.discover.discover(request, signal) ?? [])
        if (event.event === 'scope_ended') ended.push(event.status);
      expect(ended).not.toContain('failed');
      await second?.ping(signal);
      await Promise.all(sessions.map((session) => session.close()));
      await until(() => tunnels.figures().channels === 0, 'the channels are closed');
    });
  });
