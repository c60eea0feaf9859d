import { AppError } from '../../common/app-error.js';
import { EnumField, TextListField } from '../../common/fields.js';
import type { DiscoveryStrategy } from '../../connectors/spi/index.js';
import { RUN_MODES, STRATEGIES, type RunMode, type RunOrder } from '../schema-discovery.types.js';

export class DiscoverRequest {
  @EnumField(RUN_MODES, {
    name: 'DiscoveryMode',
    optional: true,
    default: 'incremental',
    description:
      'incremental reads what changed since the last run, full reads everything, selective reads what `include` names and leaves the rest of the catalog as it is.',
  })
  mode: RunMode = 'incremental';

  @TextListField({
    optional: true,
    unique: true,
    description: 'Only with mode selective: globs over `schema.dataset` (`*` and `?`).',
    example: ['sales.*'],
  })
  include?: string[];

  @TextListField({
    optional: true,
    unique: true,
    description: 'Only with mode selective; wins over `include`.',
  })
  exclude?: string[];

  @EnumField(STRATEGIES, {
    name: 'DiscoveryStrategy',
    optional: true,
    description: "How hard the source may be worked; the source's own setting unless given.",
  })
  strategy?: DiscoveryStrategy;
}

/** @throws AppError VALIDATION_FAILED where mode and globs do not fit together. */
export function toOrder({ mode, include, exclude, strategy }: DiscoverRequest): RunOrder {
  const selective = mode === 'selective';
  if (selective && !include?.length)
    throw AppError.invalid('/include', 'A selective run needs at least one glob.', 'required');
  for (const [name, globs] of Object.entries({ include, exclude }))
    if (globs !== undefined && !selective)
      throw AppError.invalid(`/${name}`, 'Globs go with mode selective only.', 'unexpected');
  return {
    mode,
    trigger: 'manual',
    ...(include ? { include } : {}),
    ...(exclude ? { exclude } : {}),
    ...(strategy ? { strategy } : {}),
  };
}
