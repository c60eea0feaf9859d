import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { ClientChannel } from 'ssh2';
import type { Address } from '../../spi/index.js';

/**
 * One connection through a tunnel, with what drivers use of a socket. It lives in this process alone: there is no port that
 * somebody else could connect to.
 */
export class TunnelStream extends Duplex {
  readonly connecting = false;
  readonly remoteAddress: string;
  readonly remotePort: number;
  bytesRead = 0;
  bytesWritten = 0;
  timeout = 0;
  private timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly channel: ClientChannel,
    to: Address,
  ) {
    super({ allowHalfOpen: false });
    this.remoteAddress = to.host;
    this.remotePort = to.port;
    channel
      .on('data', (chunk: Buffer) => {
        this.bytesRead += chunk.length;
        this.stir();
        if (!this.push(chunk)) channel.pause();
      })
      .on('end', () => this.push(null))
      .on('error', (error: Error) => this.destroy(error))
      .on('close', () => {
        // What came before the end is still read.
        if (this.readableLength === 0) this.destroy();
        else this.once('end', () => this.destroy());
      });
  }

  /** A channel as drivers want it: they know a socket's type alone, and use what this class has of it. */
  static over(channel: ClientChannel, to: Address): TunnelStream & Socket {
    return new TunnelStream(channel, to) as TunnelStream & Socket;
  }

  setTimeout(ms: number, callback?: () => void): this {
    this.timeout = ms;
    if (callback) this.once('timeout', callback);
    this.stir();
    return this;
  }

  /** The settings of a TCP socket mean nothing here: the SSH connection has its own. */
  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  address(): object {
    return {};
  }

  destroySoon(): void {
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy()).end();
  }

  override _read(): void {
    this.channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.bytesWritten += chunk.length;
    this.stir();
    this.channel.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.channel.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.timer);
    // It may still tell of its end.
    this.channel.removeAllListeners('data').resume().destroy();
    done(error);
  }

  /** Something happened: the time of silence begins anew. */
  private stir(): void {
    clearTimeout(this.timer);
    if (this.timeout > 0 && !this.destroyed)
      this.timer = setTimeout(() => this.emit('timeout'), this.timeout).unref();
  }
}
