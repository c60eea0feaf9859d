import { ApiSchema } from '@nestjs/swagger';
import { BoolField, EnumField, IntField, TextListField } from '../../common/fields.js';
import type { Category } from '../../connectors/spi/index.js';
import { DISCOVERY_DEFAULTS, HEALTH_DEFAULTS, POOL_DEFAULTS } from '../data-sources.types.js';

/** Kinds of types, as the catalogue and the filter of lists name them. */
export const CATEGORIES = [
  'sql',
  'nosql',
  'warehouse',
  'file',
  'streaming',
  'api',
] as const satisfies readonly Category[];

const STRATEGIES = ['conservative', 'balanced', 'aggressive'] as const;

/** How sessions to the source are pooled. In a request every field may be left out. */
@ApiSchema({ name: 'PoolSettings' })
export class PoolSettingsDto {
  @IntField({
    min: 1,
    max: 100,
    default: POOL_DEFAULTS.size,
    optional: true,
    description: 'Sessions at most, unless max_size allows more.',
  })
  size?: number;

  @IntField({
    min: 0,
    max: 100,
    default: POOL_DEFAULTS.min_size,
    optional: true,
    description: 'Sessions that stay open when nobody uses them.',
  })
  min_size?: number;

  @IntField({
    min: 1,
    max: 200,
    optional: true,
    description:
      'As far as the pool grows by itself while callers wait, and shrinks from again; the size unless told.',
  })
  max_size?: number;

  @IntField({
    min: 1_000,
    max: 86_400_000,
    default: POOL_DEFAULTS.max_lifetime_ms,
    optional: true,
    description: 'Milliseconds after which a session is replaced by a new one.',
  })
  max_lifetime_ms?: number;

  @IntField({ min: 100, max: 120_000, default: POOL_DEFAULTS.connect_timeout_ms, optional: true })
  connect_timeout_ms?: number;

  @IntField({ min: 100, max: 3_600_000, default: POOL_DEFAULTS.query_timeout_ms, optional: true })
  query_timeout_ms?: number;

  @IntField({ min: 0, max: 10, default: POOL_DEFAULTS.max_retries, optional: true })
  max_retries?: number;
}

/** When and how the schema is discovered. */
@ApiSchema({ name: 'DiscoverySettings' })
export class DiscoverySettingsDto {
  @BoolField({ default: DISCOVERY_DEFAULTS.auto_refresh, optional: true })
  auto_refresh?: boolean;

  @IntField({
    min: 60,
    max: 2_592_000,
    default: DISCOVERY_DEFAULTS.interval_s,
    optional: true,
    description: 'Seconds between automatic refreshes.',
  })
  interval_s?: number;

  @TextListField({
    optional: true,
    description: 'Globs over schema.dataset to look at; empty means everything.',
    example: ['sales.*'],
  })
  include?: string[];

  @TextListField({
    optional: true,
    description: 'Globs to leave out; they win over include.',
    example: ['*.tmp_*'],
  })
  exclude?: string[];

  @EnumField(STRATEGIES, { name: 'DiscoveryStrategy', default: DISCOVERY_DEFAULTS.strategy, optional: true })
  strategy?: (typeof STRATEGIES)[number];
}

/** How the source is watched. */
@ApiSchema({ name: 'HealthSettings' })
export class HealthSettingsDto {
  @IntField({
    min: 5,
    max: 86_400,
    default: HEALTH_DEFAULTS.interval_s,
    optional: true,
    description: 'Seconds between checks.',
  })
  interval_s?: number;

  @IntField({ min: 100, max: 60_000, default: HEALTH_DEFAULTS.timeout_ms, optional: true })
  timeout_ms?: number;

  @IntField({
    min: 1,
    max: 20,
    default: HEALTH_DEFAULTS.unhealthy_threshold,
    optional: true,
    description: 'Failed checks in a row until the source counts as unreachable.',
  })
  unhealthy_threshold?: number;

  @IntField({ min: 1, max: 20, default: HEALTH_DEFAULTS.healthy_threshold, optional: true })
  healthy_threshold?: number;
}
