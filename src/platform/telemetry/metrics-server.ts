import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AppError } from '../../common/app-error.js';
import { nativeCode } from '../../common/native-code.js';
import { Config } from '../config/config.js';
import { Log } from './log.js';
import { Metrics } from './metrics.js';

/**
 * Prometheus text of the process at `/metrics`, on a port of its own that is not published to users. Started by the
 * entry point; closed at shutdown.
 */
@Injectable()
export class MetricsServer implements OnApplicationShutdown {
  private readonly server = createServer((request, response) => void this.answer(request, response));

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
    private readonly log: Log,
  ) {}

  /**
   * Listens on HOST and METRICS_PORT; gives back the port, which is a free one for METRICS_PORT=0.
   *
   * @throws AppError CONFLICT where the port is taken.
   */
  start(): Promise<number> {
    const { host, metricsPort } = this.config;
    return new Promise((resolve, reject) => {
      this.server.once('error', (error) => {
        const taken = nativeCode(error) === 'EADDRINUSE';
        reject(
          new AppError(
            taken ? 'CONFLICT' : 'INTERNAL',
            `Metrics cannot listen on ${host}:${String(metricsPort)}: ${taken ? 'the port is in use' : (nativeCode(error) ?? 'unknown fault')}. Set METRICS_PORT.`,
          ),
        );
      });
      this.server.listen(metricsPort, host, () => {
        const address = this.server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : metricsPort);
      });
    });
  }

  async onApplicationShutdown(): Promise<void> {
    if (!this.server.listening) return;
    await new Promise((resolve) => {
      this.server.close(resolve);
      this.server.closeAllConnections();
    });
  }

  private async answer({ method, url }: IncomingMessage, response: ServerResponse): Promise<void> {
    const known = url?.split('?')[0] === '/metrics';
    if (!known || (method !== 'GET' && method !== 'HEAD')) {
      response.writeHead(known ? 405 : 404).end();
      return;
    }
    try {
      const { registry } = this.metrics;
      const text = await registry.metrics();
      response.writeHead(200, { 'Content-Type': registry.contentType }).end(text);
    } catch (error) {
      this.log.fault('metrics.scrape_failed', error);
      response.writeHead(500).end();
    }
  }
}
