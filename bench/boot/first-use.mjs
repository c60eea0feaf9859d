/** Opens one type of source for the first time in this process, at a port where nobody answers; prints what it cost. */
const [dist = '', type = ''] = process.argv.slice(2);
const { CONNECTORS } = await import(`${dist}/connectors/drivers/index.js`);
const { exampleConnection } = await import(`${dist}/openapi/request-examples.js`);
const definition = CONNECTORS.find((each) => each.type === type);
const nowhere = { host: '127.0.0.1', port: 1 };
const config = { ...exampleConnection(definition), ...(definition.spec.properties.host ? nowhere : {}) };
const context = {
  signal: AbortSignal.timeout(5_000),
  address: nowhere,
  locate: () => Promise.resolve(nowhere),
  root: process.cwd(),
};
globalThis.gc?.();
const before = process.memoryUsage().rss;
const from = performance.now();
const end = await definition.open(config, context).then(
  (session) => session.close().then(() => 'open'),
  (error) => error.code ?? error.message,
);
const ms = performance.now() - from;
globalThis.gc?.();
console.log(JSON.stringify({ ms, end, mb: (process.memoryUsage().rss - before) / 2 ** 20 }));
process.exit(0);
