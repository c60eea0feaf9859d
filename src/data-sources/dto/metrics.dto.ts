import {
  DateField,
  EnumField,
  IntField,
  NumberField,
  ObjectField,
  ObjectListField,
  Shown,
  StringField,
  UuidField,
} from '../../common/fields.js';

const COUNTS = { type: 'object', additionalProperties: { type: 'integer' } };

export class SourceCounts {
  @IntField()
  total!: number;

  @Shown(COUNTS)
  by_status!: Record<string, number>;

  @Shown(COUNTS)
  by_type!: Record<string, number>;
}

export class ConnectionCounts {
  @IntField()
  open!: number;

  @IntField()
  in_use!: number;

  @IntField()
  idle!: number;

  @IntField({ description: 'Callers that wait for a session.' })
  waiting!: number;
}

export class PoolView extends ConnectionCounts {
  @UuidField()
  data_source_id!: string;

  @StringField()
  name!: string;

  @IntField({ description: 'Sessions at most. Sources with equal settings share a pool.' })
  size!: number;

  @NumberField({ description: 'Sessions in use as a share of the size.' })
  utilization!: number;

  @NumberField({ description: 'Milliseconds that 95 of the last 100 callers waited for a session at most.' })
  wait_p95_ms!: number;

  @IntField({ description: 'Sessions opened.' })
  created!: number;

  @IntField({ description: 'Openings that failed.' })
  failed!: number;

  @IntField({ description: 'How often the size was changed, by hand or by the load.' })
  resizes!: number;

  @EnumField(['closed', 'open', 'half_open'], { name: 'BreakerState' })
  breaker!: string;
}

export class BreakerCounts {
  @IntField()
  closed!: number;

  @IntField()
  open!: number;

  @IntField()
  half_open!: number;
}

export class CacheView {
  @IntField()
  hits!: number;

  @IntField()
  misses!: number;

  @NumberField({ nullable: true, description: 'Null before the first use.' })
  hit_ratio!: number | null;

  @IntField()
  entries!: number;
}

export class TunnelFiguresView {
  @IntField()
  open!: number;

  @IntField()
  opening!: number;

  @IntField({ description: 'Connections that go through tunnels now.' })
  channels!: number;

  @IntField({ description: 'How often one was opened again after it was lost.' })
  reopened!: number;

  @IntField({ description: 'Openings that failed.' })
  failed!: number;
}

/** Figures of the organization as the answering process sees them; pools and caches are per process. */
export class SourceMetricsView {
  @DateField()
  generated_at!: string;

  @ObjectField(SourceCounts)
  sources!: SourceCounts;

  @ObjectField(ConnectionCounts)
  connections!: ConnectionCounts;

  @ObjectListField(PoolView, { description: 'The pools that are in use now, at most 200.' })
  pools!: PoolView[];

  @ObjectField(TunnelFiguresView, { description: 'SSH tunnels, which sources with equal settings share.' })
  tunnels!: TunnelFiguresView;

  @ObjectField(BreakerCounts)
  circuit_breakers!: BreakerCounts;

  @Shown({ type: 'object', additionalProperties: { $ref: '#/components/schemas/CacheView' } })
  caches!: Record<string, CacheView>;
}
