// The Cosmos DB of Vercel, which takes any key, behind a check of the account key. Arguments: where its package is, the
// port, the files of its certificate and key; the account key is in the environment.
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [, , packaged, port, cert, key] = process.argv;
const accountKey = Buffer.from(process.env.COSMOS_ACCOUNT_KEY ?? '', 'base64');
const { createHttpsServer } = createRequire(import.meta.url)(packaged);

/** What the client must have signed; paths are `type/id/type/id…`, and a list ends with a type. */
function signatureOf(request) {
  const parts = new URL(request.url, 'https://cosmos').pathname.split('/').filter(Boolean);
  const isList = parts.length % 2 === 1;
  const type = (isList ? parts.at(-1) : parts.at(-2)) ?? '';
  const link = decodeURIComponent((isList ? parts.slice(0, -1) : parts).join('/'));
  const date = String(request.headers['x-ms-date'] ?? request.headers.date ?? '');
  const text = `${request.method.toLowerCase()}\n${type.toLowerCase()}\n${link}\n${date.toLowerCase()}\n\n`;
  return createHmac('sha256', accountKey).update(text).digest('base64');
}

const server = createHttpsServer({ cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' });
const handlers = server.listeners('request');
server.removeAllListeners('request');
server.on('request', (request, response) => {
  const given = new URLSearchParams(decodeURIComponent(request.headers.authorization ?? ''));
  // A plus of base64 is a space in a query.
  const sent = given.get('sig')?.replaceAll(' ', '+');
  if (given.get('type') === 'master' && sent === signatureOf(request)) {
    for (const handle of handlers) handle.call(server, request, response);
    return;
  }
  const message = "The input authorization token can't serve the request.";
  response.writeHead(401, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ code: 'Unauthorized', message }));
});
server.listen(Number(port), '127.0.0.1');
