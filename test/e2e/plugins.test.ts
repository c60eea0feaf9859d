import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { v4 as uuid } from 'uuid';
import { makeTlsMaterial } from '../support/certificates.js';
import { call, type Answer } from '../support/http-client.js';
import { startProductProcess, type ProductProcess } from '../support/product-process.js';
import { until } from '../support/until.js';

const ROOT = join(import.meta.dirname, '../..');
const EXAMPLE = join(ROOT, 'examples/plugin-dict');

interface DictServers {
  readonly DictServer: {
    start(facts: object): Promise<{ readonly port: number; stop(): Promise<void> }>;
  };
}

/** A folder with plugins as `npm install` leaves them there: the published files of each, and nothing of the product. */
const folder = mkdtempSync(join(tmpdir(), 'plugins-'));
afterAll(() => rmSync(folder, { recursive: true }));

function install(name: string, files: Readonly<Record<string, string>>): void {
  const home = join(folder, 'node_modules', name);
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ name, version: '2.0.1', type: 'module', exports: './index.js' }),
  );
  for (const [file, text] of Object.entries(files)) writeFileSync(join(home, file), text);
}

beforeAll(() => {
  const home = join(folder, 'node_modules/datawave-plugin-dict');
  mkdirSync(home, { recursive: true });
  for (const file of ['package.json', 'index.js', 'dict-line.js'])
    cpSync(join(EXAMPLE, file), join(home, file));
});

describe('a plugin that fits', () => {
  let product: ProductProcess;
  let server: Awaited<ReturnType<DictServers['DictServer']['start']>>;
  let token: string;
  const password = randomBytes(12).toString('hex');

  const api = (path: string, method?: string, body?: unknown): Promise<Answer> =>
    call(`${product.url}/api/v1/data-sources${path}`, method, { token, body });

  beforeAll(async () => {
    const { DictServer } = (await import(join(EXAMPLE, 'dict-server.js'))) as DictServers;
    const dictionaries = { wordnet: 'WordNet', jargon: 'The Jargon File' };
    server = await DictServer.start({
      username: 'reader',
      password,
      dictionaries,
      tls: makeTlsMaterial().server,
    });
    product = await startProductProcess({
      environment: { PLUGINS: 'datawave-plugin-dict', PLUGINS_DIR: folder, DOCS: 'on' },
    });
    token = await product.token('admin', uuid());
  }, 120_000);
  afterAll(async () => {
    await product.stop();
    await server.stop();
  });

  const connection = (): Record<string, unknown> => ({
    type: 'dict',
    host: '127.0.0.1',
    port: server.port,
    username: 'reader',
    password,
    tls: { mode: 'disable' },
  });

  it('is among the types, with its form and its package', async () => {
    const { json } = await api('/types/dict');
    expect(json).toMatchObject({
      type: 'dict',
      plugin: 'datawave-plugin-dict@1.0.0',
      installed: true,
      spec: { properties: { port: { default: 2628 } }, required: ['type', 'host', 'username'] },
    });
    expect((await api('/types/postgresql')).json).toMatchObject({ plugin: null });
  });

  it('is in the OpenAPI document that the process serves', async () => {
    const { json } = await call(`${product.url}/docs-json`);
    const { schemas } = json.components as { schemas: Record<string, { enum?: string[] }> };
    expect(schemas.SourceType?.enum).toContain('dict');
    expect(schemas.DictConnection).toMatchObject({ properties: { password: { writeOnly: true } } });
    expect(JSON.stringify(schemas.DictConnectionView)).not.toContain('"password"');
  });

  it('serves a source from its test to its schema', async () => {
    const made = await api('', 'POST', { name: 'Words', connection: connection() });
    expect(made.status).toBe(201);
    const { id } = made.json as { id: string };
    await until(async () => (await api(`/${id}`)).json.status === 'active', 'the source is active', 20_000);
    await until(
      async () => (await api(`/${id}/schemas?schema=dictionaries`)).text.includes('The Jargon File'),
      'the dictionaries are found',
      20_000,
    );
    expect((await api('?type=dict')).json.total).toBe(1);
    expect((await api('?type=dictionary')).status).toBe(422);
  });

  it('has its secrets refused, split and hidden as every type', async () => {
    const wrong = await api('/test', 'POST', { connection: { ...connection(), password: 'wrong' } });
    expect(wrong.json).toMatchObject({ outcome: 'failed', failed_at: 'auth' });
    const unknown = await api('/test', 'POST', { connection: { ...connection(), url: 'x' } });
    expect(unknown.status).toBe(422);
    expect(unknown.text).toContain('/connection/url');
    expect((await api('')).text + product.output()).not.toContain(password);
  });
});

describe('a plugin that does not fit ends the start with one line and exit code 1:', () => {
  const DEFINITION = `{
    type: 'words', title: 'Words', category: 'nosql', capabilities: [], concurrency: 'shared',
    spec: connectionSpec('words', {}), open() {},
  }`;
  const plugin = (version: string, definition = DEFINITION): string =>
    `import { connectionSpec } from 'datawave-data-sources/spi';\nexport const spiVersion = ${version};\nexport default ${definition};\n`;

  it.each<[string, string | undefined, RegExp]>([
    [
      'missing',
      undefined,
      /✖ The plugin plugin-missing is refused: it is not installed in .*npm install plugin-missing/,
    ],
    [
      'version',
      plugin('99'),
      /✖ The plugin plugin-version is refused: it is written for SPI version 99, and/,
    ],
    ['broken', 'throw new Error("token=hunter2");', /refused: it cannot be loaded \(Error\)/],
  ])('%s', async (kind, text, line) => {
    const name = `plugin-${kind}`;
    if (text !== undefined) install(name, { 'index.js': text });
    const start = startProductProcess({ environment: { PLUGINS: name, PLUGINS_DIR: folder } });
    const fault = await start.then(
      () => 'It started.',
      (error: unknown) => String(error),
    );
    expect(fault).toContain('exit code 1');
    const said = fault.split('\n').filter((one) => one.includes('✖'));
    expect(said).toEqual([expect.stringMatching(line)]);
    expect(fault).not.toMatch(/hunter2|DATABASE_URL/);
  });
});

it('the contract suite runs from outside, for a plugin in a folder of its own', () => {
  const home = join(folder, 'development');
  cpSync(EXAMPLE, home, { recursive: true });
  mkdirSync(join(home, 'node_modules'));
  symlinkSync(ROOT, join(home, 'node_modules/datawave-data-sources'), 'junction');
  const script = join(home, 'node_modules/datawave-data-sources/scripts/contract.mjs');
  const ran = spawnSync(process.execPath, [script, '--ci'], { cwd: home, encoding: 'utf8' });
  expect({ status: ran.status, output: ran.status === 0 ? '' : ran.stderr }).toEqual({
    status: 0,
    output: '',
  });
  expect(ran.stderr).toMatch(/Tests: +\d\d passed/);
}, 120_000);
