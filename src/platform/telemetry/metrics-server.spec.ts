import { afterEach, expect, test } from '@jest/globals';
import { Config, loadConfig } from '../config/config.js';
import { HttpMetrics } from './http-metrics.js';
import { Log } from './log.js';
import { MetricsServer } from './metrics-server.js';
import { Metrics } from './metrics.js';

const started: MetricsServer[] = [];

function make(port: number): { server: MetricsServer; metrics: Metrics } {
  const secret = '0123456789abcdef0123456789abcdef0123456789';
  const config: Config = loadConfig({
    NODE_ENV: 'test',
    METRICS_PORT: String(port),
    DATABASE_URL: 'postgres://127.0.0.1/none',
    APP_SECRET: secret,
    JWT_SECRET: secret,
    LOG_LEVEL: 'silent',
  });
  const metrics = new Metrics();
  const server = new MetricsServer(config, metrics, new Log(config));
  started.push(server);
  return { server, metrics };
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.onApplicationShutdown();
});

test('serves Prometheus text at /metrics alone', async () => {
  const { server, metrics } = make(0);
  new HttpMetrics(metrics).observe({ method: 'GET', route: '/x/:id', status: 200, seconds: 0.02 });
  const base = `http://127.0.0.1:${String(await server.start())}`;
  const answer = await fetch(`${base}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain');
  const text = await answer.text();
  expect(text).toContain(
    'http_server_request_duration_seconds_bucket{le="0.025",http_request_method="GET",http_route="/x/:id",http_response_status_code="200"} 1',
  );
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
  expect((await fetch(`${base}/`)).status).toBe(404);
  expect((await fetch(`${base}/metrics`, { method: 'POST' })).status).toBe(405);
});

test('a port that is taken is one clear line', async () => {
  const port = await make(0).server.start();
  await expect(make(port).server.start()).rejects.toMatchObject({
    code: 'CONFLICT',
    message: `Metrics cannot listen on 127.0.0.1:${String(port)}: the port is in use. Set METRICS_PORT.`,
  });
});

test('closes where it was never started', async () => {
  await expect(make(0).server.onApplicationShutdown()).resolves.toBeUndefined();
});
