import { createSocket, type Socket } from 'node:dgram';

const [A, SRV, INTERNET] = [1, 33, 1];
const NO_SUCH_NAME = 3;

export interface SrvTarget {
  readonly name: string;
  readonly port: number;
}

/** A DNS server on loopback (UDP, one question a message) with records of the test: SRV, and A. */
export class DnsServer {
  /** SRV records by name, such as `_mongodb._tcp.set.example.com`. */
  readonly services = new Map<string, readonly SrvTarget[]>();
  /** IPv4 addresses by name. */
  readonly addresses = new Map<string, string>();
  /** Names that were asked for. */
  readonly asked: string[] = [];
  /** Hears and says nothing. */
  silent = false;

  private constructor(private readonly socket: Socket) {}

  static async start(): Promise<DnsServer> {
    const socket = createSocket('udp4');
    const server = new DnsServer(socket);
    socket.on('message', (message, { port, address }) => {
      const answer = server.answer(message);
      if (!server.silent) socket.send(answer, port, address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return server;
  }

  /** As `setServers` wants it. */
  get address(): string {
    return `127.0.0.1:${String(this.socket.address().port)}`;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.socket.close(() => resolve()));
  }

  private answer(message: Buffer): Buffer {
    const { name, end } = nameAt(message, 12);
    const type = message.readUInt16BE(end);
    this.asked.push(name);
    const records = this.recordsOf(name, type);
    const head = Buffer.from(message.subarray(0, 12));
    // An authoritative answer without an error, or that there is no such name.
    head.writeUInt16BE(0x8400 + (records.length > 0 ? 0 : NO_SUCH_NAME), 2);
    head.writeUInt16BE(records.length, 6);
    head.writeUInt32BE(0, 8);
    const question = message.subarray(12, end + 4);
    const answers = records.map((data) => {
      const facts = Buffer.alloc(10);
      facts.writeUInt16BE(type, 0);
      facts.writeUInt16BE(INTERNET, 2);
      facts.writeUInt16BE(data.length, 8);
      return Buffer.concat([labels(name), facts, data]);
    });
    return Buffer.concat([head, question, ...answers]);
  }

  private recordsOf(name: string, type: number): Buffer[] {
    if (type === SRV)
      return (this.services.get(name) ?? []).map((target) => {
        const facts = Buffer.alloc(6);
        facts.writeUInt16BE(target.port, 4);
        return Buffer.concat([facts, labels(target.name)]);
      });
    const address = this.addresses.get(name);
    return type === A && address !== undefined ? [Buffer.from(address.split('.').map(Number))] : [];
  }
}

function labels(name: string): Buffer {
  const parts = name
    .split('.')
    .map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** The name in a question, where none is compressed. */
function nameAt(message: Buffer, from: number): { name: string; end: number } {
  const found: string[] = [];
  let at = from;
  for (let size = message[at] ?? 0; size > 0; size = message[at] ?? 0) {
    found.push(message.toString('latin1', at + 1, at + 1 + size));
    at += 1 + size;
  }
  return { name: found.join('.').toLowerCase(), end: at + 1 };
}
