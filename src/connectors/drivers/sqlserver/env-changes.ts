import { AppError } from '../../../common/app-error.js';

/** What is used of tedious' parser of tokens. */
interface TokenReader {
  buffer: Buffer;
  position: number;
  waitForChunk(): Promise<void>;
  readEnvChangeToken: (this: TokenReader) => unknown;
}

/** The kinds of ENVCHANGE that tedious knows; it writes of all others to the console, one line for each. */
const KNOWN: ReadonlySet<number | undefined> = new Set([1, 2, 3, 4, 7, 8, 9, 10, 13, 18, 20]);
const HEAD_BYTES = 3;

const done = new WeakSet<TokenReader>();

/** Has tedious step over what it does not know, without a word: how much of it comes is for the server to say. */
export async function skipUnknownChanges(): Promise<void> {
  const { default: parser } = (await import('tedious/lib/token/stream-parser.js')) as unknown as {
    default: { prototype: TokenReader };
  };
  const { prototype } = parser;
  if (done.has(prototype)) return;
  if (typeof prototype.readEnvChangeToken !== 'function')
    throw new AppError('DRIVER_MISSING', 'This version of tedious does not fit.');
  done.add(prototype);
  const read = prototype.readEnvChangeToken;
  prototype.readEnvChangeToken = function () {
    const { buffer, position } = this;
    if (buffer.length < position + HEAD_BYTES)
      return this.waitForChunk().then(() => this.readEnvChangeToken());
    if (KNOWN.has(buffer[position + 2])) return read.call(this);
    const end = position + 2 + buffer.readUInt16LE(position);
    if (buffer.length < end) return this.waitForChunk().then(() => this.readEnvChangeToken());
    this.position = end;
    return undefined;
  };
}
