import type { Server } from 'node:http';
import { Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Config } from './config.js';

/**
 * Where clients reach the API: PUBLIC_URL, else the address that this process listens on. Never from a request: whoever
 * sends `Host` or `X-Forwarded-*` would decide where others are sent with a signed URL.
 */
@Injectable()
export class PublicUrl {
  constructor(
    private readonly config: Config,
    private readonly http: HttpAdapterHost,
  ) {}

  /** Such as `https://data.example.com/sources`: no slash at the end. PORT=0 is told as the port that was taken. */
  get base(): string {
    const { publicUrl, host, port } = this.config;
    if (publicUrl !== undefined) return publicUrl;
    const server = this.http.httpAdapter.getHttpServer() as Server;
    const address = server.address();
    return addressOf({ host, port: typeof address === 'object' && address ? address.port : port });
  }

  /** The path of `base`, such as `/sources`; empty where there is none. */
  get path(): string {
    return this.config.publicUrl === undefined
      ? ''
      : new URL(this.config.publicUrl).pathname.replace(/\/$/, '');
  }
}

/** The address that a browser on this machine can open; a server that listens everywhere is at loopback too. */
export function addressOf({ host, port }: Pick<Config, 'host' | 'port'>): string {
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${String(port)}`;
}
