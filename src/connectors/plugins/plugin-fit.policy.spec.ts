import { describe, expect, test } from '@jest/globals';
import {
  connectionSpec,
  endpoint,
  login,
  secret,
  SPI_VERSION,
  tls,
  Type,
  type ConnectorDefinition,
} from '../spi/index.js';
import { keepingPromises } from './kept-promises.js';
import { fitOf } from './plugin-fit.policy.js';

const spec = connectionSpec('words', { ...endpoint(2628), ...login(), ...tls() });
const good = {
  type: 'words',
  title: 'Words',
  category: 'nosql',
  capabilities: ['discover'],
  concurrency: 'shared',
  spec,
  open: () => Promise.reject(new Error('unused')),
};

const fit = (changes: object, spiVersion: unknown = SPI_VERSION) =>
  fitOf({ spiVersion, default: { ...good, ...changes } }, ['csv']);
const withField = (field: object) => ({ spec: connectionSpec('words', { odd: field }) });

describe('a plugin', () => {
  test('fits where everything is said', () => {
    expect(fit({})).toMatchObject({ type: 'words' });
  });

  test.each<[string, object, RegExp]>([
    ['a type in capitals', { type: 'Words' }, /Words is not snake_case/],
    ['a type of a prototype', { type: '__proto__' }, /not snake_case/],
    ['no type', { type: undefined }, /not snake_case/],
    ['a type that is taken', { type: 'csv' }, /csv is taken/],
    ['no title', { title: ' ' }, /no title/],
    ['a category of its own', { category: 'words' }, /category must be one of/],
    ['an unknown capability', { capabilities: ['write'] }, /capabilities must be of discover, presign/],
    ['a capability twice', { capabilities: ['discover', 'discover'] }, /each once/],
    ['no list of capabilities', { capabilities: 'discover' }, /not a list/],
    ['no concurrency', { concurrency: 'many' }, /concurrency/],
    ['a probe of its own', { probe: 'free' }, /probe/],
    ['no open', { open: undefined }, /no function open/],
    ['a remedy that is a text', { remedy: 'try again' }, /remedy is no function/],
    ['no spec', { spec: undefined }, /not an object schema/],
    ['a spec of another type', { spec: connectionSpec('other', {}) }, /has not type words/],
    [
      'a spec that takes anything',
      { spec: { ...spec, additionalProperties: true } },
      /unknown keys at the top/,
    ],
    ['a map of options', withField(Type.Record(Type.String(), Type.String())), /unknown keys at odd/],
    ['a block that takes anything', withField(Type.Object({})), /unknown keys at odd/],
    [
      'a block with a name of the product',
      withField(Type.Object({}, { additionalProperties: false, 'x-schema': 'Problem' })),
      /x-schema at odd/,
    ],
    [
      'a secret that is a destination',
      withField(secret('x', { 'x-destination': true })),
      /secret and a destination/,
    ],
    ['a list of secrets', withField(Type.Array(secret('x'))), /list of secrets/],
    [
      'a field that is no schema',
      { spec: { ...spec, properties: { ...spec.properties, odd: 1 } } },
      /odd is no schema/,
    ],
  ])('with %s is refused', (_what, changes, reason) => {
    expect(fit(changes)).toMatch(reason);
  });

  test.each([undefined, '1', 0, 2])('for SPI version %s is refused', (version) => {
    expect(fitOf({ spiVersion: version, default: good }, [])).toMatch(/SPI version/);
  });

  test.each([undefined, null, 'x', [], () => good])('that exports no definition is refused', (value) => {
    expect(fitOf({ spiVersion: SPI_VERSION, default: value }, [])).toMatch(/defineConnector/);
  });
});

describe('a session of a plugin', () => {
  const nothing = (): undefined => undefined;
  const session = {
    server: { product: 'Words', version: '1' },
    usable: true,
    ping: nothing,
    close: () => closed(),
  };
  let ended = 0;
  const closed = (): Promise<void> => {
    ended += 1;
    return Promise.resolve();
  };
  const open = (made: unknown) =>
    keepingPromises(
      { ...good, open: () => Promise.resolve(made) } as unknown as ConnectorDefinition,
      'words@1.0.0',
    ).open({}, { signal: AbortSignal.timeout(1_000), locate: (where) => Promise.resolve(where) });

  test('is given on where it has its facets', async () => {
    const whole = { ...session, discover: { discover: nothing } };
    expect(await open(whole)).toBe(whole);
  });

  test.each<[string, unknown, string]>([
    ['without a promised facet', session, 'discover'],
    ['with half a facet', { ...session, discover: {} }, 'discover'],
    ['without a ping', { ...session, ping: undefined }, 'ping'],
    ['without its server', { ...session, server: undefined, discover: { discover: nothing } }, 'server'],
    ['that is none', undefined, 'session'],
  ])('%s is closed and told', async (_what, made, missing) => {
    ended = 0;
    await expect(open(made)).rejects.toMatchObject({
      code: 'INTERNAL',
      message: `The plugin words@1.0.0 gave a session without "${missing}".`,
    });
    expect(ended).toBe(made === undefined ? 0 : 1);
  });
});
