/** The last so many values of a measurement, such as waits in milliseconds. */
export class RecentValues {
  private readonly values: Float64Array;
  private next = 0;
  private count = 0;

  /** @param size values that are remembered. */
  constructor(size: number) {
    this.values = new Float64Array(size);
  }

  add(value: number): void {
    this.values[this.next] = value;
    this.next = (this.next + 1) % this.values.length;
    if (this.count < this.values.length) this.count++;
  }

  clear(): void {
    this.count = 0;
    this.next = 0;
  }

  /** The value below which the share `q` (0–1) of those that are remembered stays, to a tenth; 0 where there are none. */
  quantile(q: number): number {
    if (this.count === 0) return 0;
    const sorted = this.values.slice(0, this.count).sort();
    return Math.round((sorted[Math.min(this.count - 1, Math.floor(q * this.count))] ?? 0) * 10) / 10;
  }
}
