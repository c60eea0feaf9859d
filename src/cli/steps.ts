/** Ticked lines for a person at a terminal: what was done, and how long it took. */
export class Steps {
  private since = performance.now();

  constructor(private readonly out: (text: string) => void = (text) => void process.stdout.write(text)) {}

  /** `✔ text 0.2 s`; the time since the last step where none is given, in milliseconds. */
  done(text: string, ms = performance.now() - this.since): void {
    this.since = performance.now();
    this.out(`✔ ${text} ${(ms / 1_000).toFixed(1)} s\n`);
  }

  /** `✔ text` without a time. */
  passed(text: string): void {
    this.out(`✔ ${text}\n`);
  }

  /** `✖ text`, and how to mend it. */
  failed(text: string, fix?: string): void {
    this.out(`✖ ${text}\n${fix === undefined ? '' : `  fix: ${fix}\n`}`);
  }

  line(text = ''): void {
    this.out(`${text}\n`);
  }
}
