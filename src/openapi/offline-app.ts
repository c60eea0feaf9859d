import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { prefixRoutes } from '../http-app.js';
import { loadConfig } from '../platform/config/config.js';
import { httpAdapter } from '../platform/http/http-server.js';

/** The application with its routes and nothing behind them: no database, no secret, no file is touched. */
export async function createOfflineApp(): Promise<INestApplication> {
  const secret = (): string => randomBytes(48).toString('base64');
  const config = loadConfig({
    NODE_ENV: 'test',
    DATABASE_URL: 'postgresql://nobody@127.0.0.1/nothing',
    APP_SECRET: secret(),
    JWT_SECRET: secret(),
  });
  const app = await NestFactory.create(AppModule.with(config), httpAdapter(), {
    preview: true,
    abortOnError: false,
    logger: false,
  });
  return prefixRoutes(app);
}
