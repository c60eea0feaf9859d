import { Injectable } from '@nestjs/common';
import { Metrics } from './metrics.js';

export interface ServedRequest {
  readonly method: string;
  /** The pattern of the route, such as `/api/v1/data-sources/:data_source_id`; absent where none matched. */
  readonly route: string | undefined;
  readonly status: number;
  readonly seconds: number;
}

/** Durations of the requests that the process served. */
@Injectable()
export class HttpMetrics {
  private readonly durations;

  constructor(metrics: Metrics) {
    this.durations = metrics.histogram('http_server_request_duration_seconds', 'Duration of HTTP requests', [
      'http_request_method',
      'http_route',
      'http_response_status_code',
    ]);
  }

  /** Counts one request; a path never becomes a label, because clients choose it. */
  observe({ method, route, status, seconds }: ServedRequest): void {
    this.durations.observe(
      {
        http_request_method: method,
        http_route: route ?? 'unmatched',
        http_response_status_code: String(status),
      },
      seconds,
    );
  }
}
