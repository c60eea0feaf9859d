import { connectionSpec, defineConnector } from '../spi/index.js';
import { redis } from './redis.js';

const { host, port, mode, sentinel, database, username, password, tls } = redis.spec.properties;

/** Valkey, which speaks the protocol of Redis and has its commands and access lists. */
export const valkey = defineConnector({
  type: 'valkey',
  title: 'Valkey',
  category: 'nosql',
  spec: connectionSpec('valkey', { host, port, mode, sentinel, database, username, password, tls }),
  capabilities: ['discover'],
  concurrency: 'exclusive',
  driver: 'ioredis',
  check: (config) => redis.check?.({ ...config, type: 'redis' }) ?? [],
  open: (config, context) => redis.open({ ...config, type: 'redis' }, context),
  remedy: (code, config, server) => redis.remedy?.(code, { ...config, type: 'redis' }, server),
});
