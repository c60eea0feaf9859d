import { latencyQuantile } from './latency-histogram.js';
import type { HealthVerdict, WindowName, WindowSums } from './health.types.js';

export const SCORE_PARTS = ['availability', 'latency', 'stability', 'errors'] as const;
export type ScorePartName = (typeof SCORE_PARTS)[number];

export interface ScorePart {
  readonly name: ScorePartName;
  /** Share of the score, 0–1, of the parts that have a value. */
  readonly weight: number;
  /** 0–100, or null where too little was observed. */
  readonly value: number | null;
  readonly reason: string;
}

export interface Score {
  /** 0–100, or null where nothing was observed. */
  readonly value: number | null;
  readonly parts: readonly ScorePart[];
}

/** The table of docs/health.md. `full` earns 100, `none` earns 0, between them it falls evenly (see `scale`). */
export const SCORE_RULES = {
  availability: { weight: 0.45, full: 1, none: 0.95, h24: 0.6 },
  latency: { weight: 0.2, full: 1.25, none: 4, floorMs: 5 },
  stability: { weight: 0.15, full: 4, none: 32, floorMs: 5, perFlip: 10 },
  errors: { weight: 0.2, full: 0, none: 0.1 },
} as const;

/** The most that a source can score while it is down. */
export const SCORE_WHILE_DOWN = 25;
/** Fewer successful checks than this say nothing about latency. */
const MIN_SAMPLES = 5;

export type Windows = Readonly<Record<WindowName, WindowSums>>;

/**
 * How well a source serves, 0–100, from what its checks of the last 30 days add up to. A part without observations is
 * left out and its weight goes to the others.
 */
export function scoreOf(windows: Windows, verdict: HealthVerdict | undefined): Score {
  const found: readonly (Pick<ScorePart, 'value' | 'reason'> & { readonly name: ScorePartName })[] = [
    { name: 'availability', ...availability(windows) },
    { name: 'latency', ...latency(windows) },
    { name: 'stability', ...stability(windows) },
    { name: 'errors', ...errors(windows) },
  ];
  const sum = found.reduce((total, { name, value }) => total + (value === null ? 0 : weightOf(name)), 0);
  const parts = found.map((part): ScorePart => ({
    ...part,
    weight: part.value === null ? 0 : round(weightOf(part.name) / sum, 3),
  }));
  if (sum === 0) return { value: null, parts };
  const mean = found.reduce((total, { name, value }) => total + ((value ?? 0) * weightOf(name)) / sum, 0);
  const isDown = verdict === 'unreachable' || verdict === 'misconfigured';
  return { value: Math.round(isDown ? Math.min(mean, SCORE_WHILE_DOWN) : mean), parts };
}

/** Share of the observed time in which the source served, or undefined where none was observed. */
export function uptimeOf({ upMs, downMs }: Pick<WindowSums, 'upMs' | 'downMs'>): number | undefined {
  return upMs + downMs === 0 ? undefined : upMs / (upMs + downMs);
}

type Found = Pick<ScorePart, 'value' | 'reason'>;

const nothing = (reason: string): Found => ({ value: null, reason });

function availability({ h24, d7 }: Windows): Found {
  const { full, none, h24: share } = SCORE_RULES.availability;
  const [day, week] = [uptimeOf(h24), uptimeOf(d7)];
  if (day === undefined && week === undefined) return nothing('Not observed in the last 7 days.');
  const value =
    share * scale(day ?? week ?? 0, full, none) + (1 - share) * scale(week ?? day ?? 0, full, none);
  const text = (name: string, ratio: number | undefined): string =>
    ratio === undefined ? `${name} not observed` : `${name} ${percent(ratio)}`;
  return { value: Math.round(value), reason: `Up ${text('24 h', day)}, ${text('7 d', week)}.` };
}

function latency({ h24, d30 }: Windows): Found {
  const { full, none, floorMs } = SCORE_RULES.latency;
  if (count(h24.latency) < MIN_SAMPLES) return nothing('Too few successful checks in 24 h.');
  const now = latencyQuantile(h24.latency, 0.5) ?? 0;
  const usual = latencyQuantile(d30.latency, 0.5) ?? now;
  const ratio = Math.max(now, floorMs) / Math.max(usual, floorMs);
  return {
    value: Math.round(scale(Math.log(ratio), Math.log(full), Math.log(none))),
    reason: `Median ${ms(now)} in 24 h, ${ms(usual)} usually (30 d).`,
  };
}

function stability({ h24 }: Windows): Found {
  const { full, none, floorMs, perFlip } = SCORE_RULES.stability;
  if (count(h24.latency) < MIN_SAMPLES) return nothing('Too few successful checks in 24 h.');
  const median = latencyQuantile(h24.latency, 0.5) ?? 0;
  const high = latencyQuantile(h24.latency, 0.95) ?? 0;
  const ratio = Math.max(high, floorMs) / Math.max(median, floorMs);
  const value = scale(Math.log(ratio), Math.log(full), Math.log(none)) - perFlip * h24.flips;
  return {
    value: Math.round(Math.max(0, value)),
    reason: `95 % within ${ms(high)}, median ${ms(median)}; changed ${String(h24.flips)} times between working and failing in 24 h.`,
  };
}

function errors({ h24 }: Windows): Found {
  const { full, none } = SCORE_RULES.errors;
  const counted = h24.checks - h24.inconclusive;
  if (counted === 0) return nothing('No check in 24 h.');
  return {
    value: Math.round(scale(h24.failures / counted, full, none)),
    reason: `${String(h24.failures)} of ${String(counted)} checks failed in 24 h.`,
  };
}

/** 100 at `full` and better, 0 at `none` and worse, in a straight line between. */
function scale(value: number, full: number, none: number): number {
  return 100 * Math.max(0, Math.min(1, (none - value) / (none - full)));
}

function weightOf(name: ScorePartName): number {
  return SCORE_RULES[name].weight;
}

function count(buckets: readonly number[]): number {
  return buckets.reduce((sum, each) => sum + each, 0);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Rounded down, so that a source that was ever down never reads as 100 %. */
function percent(ratio: number): string {
  return `${String(Math.floor(ratio * 10_000) / 100)} %`;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : String(Math.round(value))} ms`;
}
