const WIDTH = 30;

/** One line that fills up; on a terminal it is drawn over itself, elsewhere only its last state is printed. */
export class ProgressBar {
  private last = '';

  constructor(private readonly out: NodeJS.WriteStream) {}

  /** @param expected undefined as long as nobody knows it. */
  show(done: number, expected: number | undefined, note: string): void {
    const share = expected === undefined || expected === 0 ? 0 : Math.min(1, done / expected);
    const filled = Math.round(share * WIDTH);
    const of = expected === undefined ? String(done) : `${String(done)}/${String(expected)}`;
    this.last = `  [${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}] ${of} ${note}`;
    if (this.out.isTTY) this.out.write(`\r\u001b[2K${this.last}`);
  }

  end(): void {
    if (this.last === '') return;
    this.out.write(this.out.isTTY ? '\n' : `${this.last}\n`);
  }
}
