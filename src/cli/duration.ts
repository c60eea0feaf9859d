const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds of a text such as `90s`, `15m`, `8h` or `7d`; undefined for anything else. */
export function durationInSeconds(text: string): number | undefined {
  const [, count, unit] = /^([1-9]\d{0,6})([smhd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * UNITS[unit as keyof typeof UNITS];
}
