import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A server of the test's own making: it says whatever the test wants, and keeps what it hears. */
export class RogueServer {
  readonly host = '127.0.0.1';
  dials = 0;
  private readonly heard: Buffer[] = [];
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly listener: Server) {}

  /** @param behave is called for each line; what it throws ends the line. */
  static async start(behave: (socket: Socket, server: RogueServer) => void): Promise<RogueServer> {
    const listener = createServer();
    const server = new RogueServer(listener);
    listener.on('connection', (socket) => {
      server.dials += 1;
      server.sockets.add(socket);
      socket.on('data', (chunk) => server.heard.push(chunk));
      socket.on('error', () => undefined);
      socket.once('close', () => server.sockets.delete(socket));
      behave(socket, server);
    });
    await new Promise<void>((resolve) => listener.listen(0, server.host, resolve));
    return server;
  }

  get address(): { readonly host: string; readonly port: number } {
    return { host: this.host, port: (this.listener.address() as AddressInfo).port };
  }

  /** Everything that clients sent. */
  get received(): Buffer {
    return Buffer.concat(this.heard);
  }

  get open(): number {
    return this.sockets.size;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.listener.close(() => resolve()));
  }
}
