/** The bytes that mean something in a CSV file, in UTF-8. */
export interface Dialect {
  readonly delimiter: number;
  /** -1 where quotes have no meaning. */
  readonly quote: number;
  /** 10, also for CR LF, or 13. */
  readonly newline: number;
}

const CR = 13;
const LF = 10;

/**
 * Finds where records end and how many fields they have, by the very rules by which csv-parse reads them with
 * `relax_quotes`: a quote opens at the beginning of a field only, is escaped by doubling, and a closing quote that
 * nothing fitting follows goes on as plain text. Such oddities are counted: in the true state of the text there are
 * few or none.
 */
export class RecordScanner {
  /** Where the current record begins, and the offset after its line end. */
  begin: number;
  end: number;
  fields = 0;
  blank = false;
  /** Quotes so far that stand where none belongs. */
  odd = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly dialect: Dialect,
    start = 0,
    /** Whether the text at `start` is inside of a quoted field, and whether a field begins there. */
    public quoted = false,
    private fieldStart = true,
  ) {
    this.begin = this.end = start;
  }

  /** Goes to the end of the next record. False where the bytes end before it: `quoted` says in which state. */
  next(): boolean {
    const { bytes } = this;
    const { delimiter, quote, newline } = this.dialect;
    const { length } = bytes;
    let at = (this.begin = this.end);
    let { fieldStart } = this;
    this.fields = 1;
    while (at < length) {
      if (this.quoted) {
        at = this.closingQuote(at);
        fieldStart = false;
        continue;
      }
      const byte = bytes[at];
      if (byte === newline) {
        this.blank = this.fields === 1 && isEmptyLine(bytes, this.begin, at);
        this.end = at + 1;
        this.fieldStart = true;
        return true;
      }
      if (byte === delimiter) {
        this.fields++;
        fieldStart = true;
      } else if (byte === quote) {
        if (fieldStart) this.quoted = true;
        else this.odd++;
        fieldStart = false;
      } else {
        fieldStart = false;
      }
      at++;
    }
    this.blank = this.begin >= length;
    return false;
  }

  /** From inside of quotes: the offset after the closing one, or the end of the bytes. */
  private closingQuote(from: number): number {
    const { bytes } = this;
    const { delimiter, quote, newline } = this.dialect;
    let at = from;
    for (;;) {
      const found = bytes.indexOf(quote, at);
      if (found === -1) return bytes.length;
      const after = bytes[found + 1];
      if (after === quote) {
        at = found + 2;
        continue;
      }
      this.quoted = false;
      const fits =
        after === undefined ||
        after === delimiter ||
        after === newline ||
        (after === CR && newline === LF && bytes[found + 2] === LF);
      if (!fits) this.odd++;
      return found + 1;
    }
  }
}

function isEmptyLine(bytes: Uint8Array, begin: number, end: number): boolean {
  return end === begin || (end === begin + 1 && bytes[begin] === CR);
}
