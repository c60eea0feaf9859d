import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { packets, PRELOGIN_PACKET, unpacked } from './prelogin.js';

/**
 * What lies under TLS in TDS 7: its handshake travels inside of PRELOGIN packets, and once it is done TLS lies on the bare
 * socket. Ends and faults of the socket are its own.
 */
export class TlsInTds extends Duplex {
  private inPackets = true;
  private pending: Buffer = Buffer.alloc(0);

  constructor(private readonly socket: Socket) {
    super();
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
    socket.pause();
  }

  /** The handshake is done. */
  leavePackets(): void {
    this.inPackets = false;
    if (this.pending.length > 0) this.push(this.pending);
    this.pending = Buffer.alloc(0);
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(this.inPackets ? packets(PRELOGIN_PACKET, chunk) : chunk, done);
  }

  /** One flight of the handshake is one message: servers expect it so. */
  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'binary', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.socket.destroy();
    done(error);
  }

  private receive(chunk: Buffer): void {
    if (!this.inPackets) {
      if (!this.push(chunk)) this.socket.pause();
      return;
    }
    try {
      const { bodies, rest } = unpacked(Buffer.concat([this.pending, chunk]));
      this.pending = rest;
      for (const body of bodies) this.push(body);
    } catch (error) {
      this.destroy(error as Error);
    }
  }
}
