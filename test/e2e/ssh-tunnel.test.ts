import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startApp, type TestApp } from '../support/app.js';
import { describeOn, servers, type SshdTestServer } from '../support/servers.js';
import { createSource, postgresConnection, settled } from '../support/sources.js';
import { through } from '../support/tunnels.js';

describeOn(['postgres', 'sshd'], 'a source behind an SSH tunnel', () => {
  let app: TestApp;
  let sshd: SshdTestServer;
  let connection: Record<string, unknown>;

  beforeAll(async () => {
    app = await startApp();
    sshd = await servers.sshd();
    connection = { ...(await postgresConnection()), host: 'localhost', ssh_tunnel: through(sshd) };
  });

  afterAll(() => app.stop());

  it('becomes active, keeps its secrets, shows its tunnel in the metrics, and is bound to it (T04)', async () => {
    const source = await createSource(app, 'tunnelled', connection);
    expect(await settled(app, source.id)).toMatchObject({
      status: 'active',
      secrets_set: ['password', 'ssh_tunnel.private_key'],
    });
    const shown = await app.call('GET', `/data-sources/${source.id}`);
    expect(shown.text).not.toContain('PRIVATE KEY');
    const metrics = await app.call('GET', '/data-sources/metrics');
    expect(metrics.body).toMatchObject({ tunnels: { open: 1, failed: 0 } });
    expect(await (await fetch(app.metricsUrl)).text()).toMatch(/^datawave_ssh_tunnels_open 1$/m);
    for (const change of [
      { port: 22 },
      { host: '127.0.0.2' },
      { username: 'another' },
      { host_key: sshd.knownHosts.trim() },
      { jump: { host: '127.0.0.2', username: 'another' } },
    ]) {
      const answer = await app.call('PATCH', `/data-sources/${source.id}`, {
        body: { connection: { ssh_tunnel: change } },
      });
      expect(answer).toMatchObject({ status: 422, body: { code: 'CREDENTIALS_REENTRY_REQUIRED' } });
      const test = await app.call('POST', `/data-sources/${source.id}/test`, {
        body: { connection: { ssh_tunnel: change } },
      });
      expect(test).toMatchObject({ status: 422, body: { code: 'CREDENTIALS_REENTRY_REQUIRED' } });
    }
    const saved = await app.call('POST', `/data-sources/${source.id}/test`, { body: { scope: 'tunnel' } });
    expect(saved).toMatchObject({ status: 200, body: { outcome: 'ok' } });
  });

  it('has its tunnel tested alone', async () => {
    const test = (changes: Record<string, unknown>) =>
      app.call('POST', '/data-sources/test', {
        body: { scope: 'tunnel', connection: { ...connection, ...changes } },
      });
    expect(await test({})).toMatchObject({ status: 200, body: { outcome: 'ok' } });
    const { host_key: pin, ...unpinned } = through(sshd);
    expect(pin).toBe(sshd.hostKey);
    expect(await test({ ssh_tunnel: unpinned })).toMatchObject({
      body: { failed_at: 'ssh_host_key', outcome: 'failed' },
    });
    const { ssh_tunnel: none, ...direct } = connection;
    expect(none).toBeDefined();
    const answer = await app.call('POST', '/data-sources/test', {
      body: { scope: 'tunnel', connection: direct },
    });
    expect(answer.body).toMatchObject({ outcome: 'unsupported' });
  });

  it('is failed where the host key is not the pinned one, and the audit log says so', async () => {
    const other = through(sshd, { host_key: `SHA256:${'A'.repeat(43)}` });
    const source = await createSource(app, 'moved', { ...connection, ssh_tunnel: other });
    expect(await settled(app, source.id)).toMatchObject({
      status: 'failed',
      status_reason: { code: 'HOST_KEY_CHANGED', user_action: true },
    });
    const audit = await app.call('GET', `/audit-events?target_id=${source.id}`);
    expect(audit.text).toContain('HOST_KEY_CHANGED');
  });

  it.each(['agent', 'agentForward', 'proxyCommand', 'localCommand'])('T56: knows no %s', async (name) => {
    const { status, body } = await app.call('POST', '/data-sources/test', {
      body: { connection: { ...connection, ssh_tunnel: { ...through(sshd), [name]: 'x' } } },
    });
    expect(status).toBe(422);
    expect(body).toMatchObject({
      code: 'CONFIG_INVALID',
      errors: [{ pointer: `/connection/ssh_tunnel/${name}`, code: 'unknown_field' }],
    });
  });

  it('T58: takes no key of a megabyte', async () => {
    const long = through(sshd, { private_key: 'x'.repeat(1_000_000) });
    const { status, text } = await app.call('POST', '/data-sources/test', {
      body: { connection: { ...connection, ssh_tunnel: long } },
    });
    expect([413, 422]).toContain(status);
    expect(text).not.toContain('xxx');
  });
});
