import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * pass: bytes flow. silent: accepts and never dials nor speaks. frozen: bytes stop, sockets stay. drip: one byte of the
 * server per `dripMs`. reset: RST at once. latency: each chunk waits `latencyMs`, both ways.
 */
export type ProxyMode = 'pass' | 'silent' | 'frozen' | 'drip' | 'reset' | 'latency';

const CAPTURE_LIMIT = 1_000_000;

interface Line {
  readonly client: Socket;
  /** Absent where the proxy was silent when the line came. */
  readonly server: Socket | undefined;
  /** What waits for the end of the freeze. Held, not left unread: the end of a paused socket goes unnoticed. */
  readonly held: { readonly chunk: Buffer; readonly to: Socket }[];
}

/** A TCP proxy whose faults are switched while it runs, for open lines too. */
export class TcpProxy {
  readonly host = '127.0.0.1';
  latencyMs = 200;
  dripMs = 100;
  /** Lines that were accepted, since the start or the last `forget`. */
  dials = 0;
  bytesToServer = 0;
  bytesToClient = 0;

  private currentMode: ProxyMode = 'pass';
  private readonly lines = new Set<Line>();
  private readonly captured: Buffer[] = [];
  private resetAfter: number | undefined;

  private constructor(
    private readonly listener: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {}

  /** Listens on a free loopback port and passes everything on to `target`. */
  static async start(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const listener = createServer({ allowHalfOpen: true, noDelay: true });
    const proxy = new TcpProxy(listener, target);
    listener.on('connection', (client) => proxy.accept(client));
    await new Promise<void>((resolve) => listener.listen(0, proxy.host, resolve));
    return proxy;
  }

  get port(): number {
    return (this.listener.address() as AddressInfo).port;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.host, port: this.port };
  }

  /** Lines that a client still holds open. */
  get open(): number {
    return this.lines.size;
  }

  get mode(): ProxyMode {
    return this.currentMode;
  }

  /** Switches the fault; open lines follow at once. */
  set mode(mode: ProxyMode) {
    this.currentMode = mode;
    for (const line of this.lines) {
      if (mode === 'reset') reset(line);
      else if (!this.holds) for (const { chunk, to } of line.held.splice(0)) this.pass(chunk, to);
    }
  }

  /** Resets the line after that many more bytes of the server have passed. */
  resetAfterBytes(bytes: number): void {
    this.resetAfter = this.bytesToClient + bytes;
  }

  /** What clients sent since the start or the last `forget`, at most 1 MB. */
  get sent(): Buffer {
    return Buffer.concat(this.captured);
  }

  /** Starts the counts and the capture afresh and lets bytes pass. */
  forget(): void {
    this.mode = 'pass';
    this.resetAfter = undefined;
    this.dials = this.bytesToClient = this.bytesToServer = 0;
    this.captured.length = 0;
  }

  /** Drops every line and stops listening. */
  async stop(): Promise<void> {
    for (const { client, server } of this.lines) {
      client.destroy();
      server?.destroy();
    }
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }

  private get holds(): boolean {
    return this.currentMode === 'frozen' || this.currentMode === 'silent';
  }

  private accept(client: Socket): void {
    this.dials += 1;
    const dialsOn = this.currentMode !== 'silent' && this.currentMode !== 'reset';
    const server = dialsOn ? connect(this.target) : undefined;
    const line: Line = { client, server, held: [] };
    this.lines.add(line);
    client.on('error', () => undefined);
    client.once('close', () => {
      this.lines.delete(line);
      server?.destroy();
    });
    client.on('data', (chunk) => {
      this.note(chunk);
      if (server) this.forward(chunk, server, line);
    });
    client.on('end', () => {
      if (server && !this.holds) server.end();
      else client.destroy();
    });
    server?.on('error', () => client.destroy());
    server?.on('end', () => client.end()).once('close', () => client.destroy());
    server?.on('data', (chunk) => {
      this.answer(chunk, line);
    });
    if (this.currentMode === 'reset') reset(line);
  }

  private note(chunk: Buffer): void {
    this.bytesToServer += chunk.length;
    if (this.bytesToServer <= CAPTURE_LIMIT) this.captured.push(chunk);
  }

  private forward(chunk: Buffer, to: Socket, line: Line): void {
    if (this.holds) line.held.push({ chunk, to });
    else this.pass(chunk, to);
  }

  private pass(chunk: Buffer, to: Socket): void {
    if (this.currentMode !== 'latency') to.write(chunk);
    else setTimeout(() => to.writable && to.write(chunk), this.latencyMs).unref();
  }

  private answer(chunk: Buffer, line: Line): void {
    this.bytesToClient += chunk.length;
    if (this.resetAfter !== undefined && this.bytesToClient >= this.resetAfter) {
      this.resetAfter = undefined;
      reset(line);
    } else if (this.currentMode === 'drip') this.drip(chunk, line);
    else this.forward(chunk, line.client, line);
  }

  private drip(chunk: Buffer, { client, server }: Line): void {
    server?.pause();
    let at = 0;
    const timer = setInterval(() => {
      if (client.writable && at < chunk.length) client.write(chunk.subarray(at, ++at));
      if (at < chunk.length && client.writable && this.currentMode === 'drip') return;
      clearInterval(timer);
      if (client.writable) client.write(chunk.subarray(at));
      server?.resume();
    }, this.dripMs).unref();
  }
}

function reset({ client, server }: Line): void {
  client.resetAndDestroy();
  server?.destroy();
}
