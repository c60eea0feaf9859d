import { redis } from '../../src/connectors/drivers/redis.js';
import { describeConnector } from './contract-suite.js';
import { redisSource } from './redis-fixture.js';

describeConnector(redis, { server: 'redis', setUp: () => redisSource('standalone') });
describeConnector(redis, {
  server: 'redisSentinel',
  through: 'a sentinel',
  setUp: () => redisSource('sentinel'),
});
describeConnector(redis, {
  server: 'redisCluster',
  through: 'a cluster of three masters',
  setUp: () => redisSource('cluster'),
});
