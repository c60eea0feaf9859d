import { createServer } from 'node:http';
import pg from 'pg';

/** The least that serves the same rows: node:http, pg, JSON. What the product adds is measured against it. */
const [url = '', orgId = '', listSql = '', getSql = ''] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 20 });

const server = createServer((request, response) => {
  const id = /^\/data-sources\/([0-9a-f-]{36})$/.exec(request.url ?? '')?.[1];
  const query = id === undefined ? pool.query(listSql, [orgId]) : pool.query(getSql, [orgId, id]);
  query.then(
    ({ rows }) => {
      const body = JSON.stringify(id === undefined ? { items: rows } : rows[0]);
      response
        .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
        .end(body);
    },
    () => response.writeHead(500).end(),
  );
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${String(typeof address === 'object' && address ? address.port : 0)}\n`);
});
