import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

/** A small dictionary server (RFC 2229) for tests: it checks the login and speaks the protocol's own bytes. */
export class DictServer {
  #servers;

  /**
   * @param account user name and shared secret.
   * @param dictionaries descriptions by name.
   * @param tls `{ cert, key }` of the second port.
   */
  static async start({ username, password, dictionaries, tls }) {
    const serve = (socket) => new Visit(socket, { username, password, dictionaries }).greet();
    const server = new DictServer();
    server.#servers = [createServer(serve), createTlsServer(tls, serve)];
    for (const one of server.#servers) {
      one.on('tlsClientError', () => undefined);
      await new Promise((resolve) => one.listen(0, '127.0.0.1', resolve));
    }
    [server.port, server.tlsPort] = server.#servers.map((one) => one.address().port);
    return server;
  }

  async stop() {
    await Promise.all(this.#servers.map((one) => new Promise((resolve) => one.close(resolve))));
  }
}

class Visit {
  #id = `<${randomBytes(8).toString('hex')}@127.0.0.1>`;
  #welcome = false;
  #text = '';

  constructor(socket, facts) {
    this.socket = socket;
    this.facts = facts;
    socket.setEncoding('utf8');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const lines = (this.#text + chunk).split('\r\n');
      this.#text = lines.pop();
      for (const line of lines) this.#answer(line);
    });
  }

  greet() {
    this.#say(`220 127.0.0.1 example/1.0 <auth> ${this.#id}`);
  }

  #answer(line) {
    const [command, ...words] = [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, inner, plain]) =>
      inner === undefined ? plain : inner.replaceAll(/\\(.)/g, '$1'),
    );
    if (command === 'AUTH') this.#login(...words);
    else if (command === 'STATUS') this.#say('210 status');
    else if (!this.#welcome) this.#say('530 Access denied');
    else if (command === 'SHOW' && words[0] === 'DB') this.#list();
    else if (command === 'SHOW' && words[0] === 'INFO') this.#info(words[1]);
    else this.#say('500 Syntax error, command not recognized');
  }

  #login(username, digest) {
    const right = createHash('md5').update(`${this.#id}${this.facts.password}`).digest();
    const given = Buffer.from(digest, 'hex');
    this.#welcome =
      username === this.facts.username && given.length === right.length && timingSafeEqual(given, right);
    this.#say(this.#welcome ? '230 Authentication successful' : '531 Access denied');
  }

  #list() {
    const entries = Object.entries(this.facts.dictionaries);
    this.#say(
      `110 ${entries.length} databases present`,
      ...entries.map(([name, description]) => `${name} "${description}"`),
      '.',
      '250 ok',
    );
  }

  #info(name) {
    const description = this.facts.dictionaries[name];
    if (description === undefined) this.#say('550 Invalid database, use "SHOW DB" for list of databases');
    else this.#say(`112 information for ${name}`, description, '.', '250 ok');
  }

  #say(...lines) {
    this.socket.write(lines.map((line) => `${line}\r\n`).join(''));
  }
}
