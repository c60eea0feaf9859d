/** One way to the server, in a process of its own. Started by main.ts with the name of the way and the address as JSON. */
import pg from 'pg';
import { ROWS, type Answer, type Ask, type Server } from './kv.js';
import { Load } from './load.js';
import { Product } from './product.js';

interface Way {
  call(caller: number): Promise<unknown>;
  resize?(size: number): Promise<void>;
  stop(): Promise<unknown>;
}

const TEXT = 'SELECT v FROM kv WHERE id = $1';
const SIZE = 50;

const anyRow = (): string => String(1 + Math.floor(Math.random() * ROWS));

/** Our pool; each caller has a session for itself, or shares one with others who ask for as little. */
async function product(server: Server, shared: boolean): Promise<Way> {
  const running = await Product.start();
  const id = await running.register(
    'kv',
    { type: 'postgresql', ...server, tls: { mode: 'disable' } },
    { size: SIZE },
  );
  const options = { deadlineMs: 30_000, shared };
  return {
    call: () =>
      running.read(
        id,
        ({ query }, signal) => query.query({ text: TEXT, values: [anyRow()], name: 'kv' }, signal),
        options,
      ),
    resize: (size) => running.resize(id, size),
    stop: () => running.stop(),
  };
}

const login = ({ username, ...address }: Server): pg.PoolConfig => ({
  ...address,
  user: username,
  application_name: 'bench',
});

function pool(server: Server): Promise<Way> {
  const connections = new pg.Pool({ ...login(server), max: SIZE });
  return Promise.resolve({
    call: () => connections.query({ text: TEXT, values: [anyRow()], name: 'kv' }),
    stop: () => connections.end(),
  });
}

/** A connection for each caller: what lies behind the address is a pooler, or there are only as many as it takes. */
async function direct(server: Server, callers: number, named: boolean): Promise<Way> {
  const clients: pg.Client[] = [];
  for (let i = 0; i < callers; i++) {
    const client = new pg.Client(login(server));
    await client.connect();
    clients.push(client);
  }
  return {
    call: (caller) =>
      clients[caller]?.query({ text: TEXT, values: [anyRow()], ...(named ? { name: 'kv' } : {}) }) ??
      Promise.reject(new Error('no such caller')),
    stop: () => Promise.all(clients.map((client) => client.end())),
  };
}

const WAYS: Readonly<Record<string, (server: Server, callers: number) => Promise<Way>>> = {
  withSession: (server) => product(server, false),
  'withSession, shared': (server) => product(server, true),
  'pg.Pool': pool,
  'pg through PgBouncer': (server, callers) => direct(server, callers, false),
  'pg, a connection each': (server, callers) => direct(server, callers, true),
};

const [name = '', address = '', count = ''] = process.argv.slice(2);
const way = await WAYS[name]?.(JSON.parse(address) as Server, Number(count));
if (!way) throw new Error(`There is no way "${name}".`);
const load = new Load(Number(count), (caller) => way.call(caller));
await load.measure(1);

async function obey(ask: Ask): Promise<void> {
  if (ask === 'stop') {
    await load.stop();
    await way?.stop();
    process.disconnect();
  } else if ('size' in ask) {
    await way?.resize?.(ask.size);
  } else {
    const figures: Answer = await load.measure(ask.seconds);
    process.send?.(figures);
  }
}

process.on('message', (ask: Ask) => void obey(ask));
process.send?.('ready');
