import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSilentServer, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { AppError } from '../../../common/app-error.js';
import type { Address, OpenContext } from '../../spi/index.js';
import { expectOk, HttpLine, pathOf } from './http-line.js';

let server: Server;
let dials = 0;
let answer: (request: IncomingMessage, response: ServerResponse) => void;

beforeEach(async () => {
  dials = 0;
  server = createServer((request, response) => answer(request, response));
  server.on('connection', () => (dials += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const port = (): number => (server.address() as AddressInfo).port;
const signal = (): AbortSignal => AbortSignal.timeout(5_000);

function lineTo(
  host: string,
  locate: OpenContext['locate'],
  more: Partial<OpenContext> = {},
): Promise<HttpLine> {
  const origin = new URL(`http://${host}:${String(port())}`);
  return HttpLine.over({ origin }, { signal: signal(), locate, ...more });
}

const asWritten = (where: Address): Promise<Address> => Promise.resolve(where);
const local = (): Promise<HttpLine> => lineTo('127.0.0.1', asWritten);

async function faultOf(work: Promise<unknown>): Promise<AppError> {
  const fault: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(fault instanceof AppError)) throw new Error(`No AppError: ${String(fault)}`);
  return fault;
}

describe('a line over HTTP', () => {
  test('dials where it is told, and sends the name that was configured', async () => {
    answer = ({ headers }, response) => response.end(headers.host);
    const asked: Address[] = [];
    const line = await lineTo('db.example.test', (where) => {
      asked.push(where);
      return Promise.resolve({ host: '127.0.0.1', port: port() });
    });
    const { body } = await line.call({ path: '/', signal: signal() });
    expect(body.toString()).toBe(`db.example.test:${String(port())}`);
    expect(asked).toEqual([{ host: 'db.example.test', port: port() }]);
    await line.close();
    expect(line.usable).toBe(false);
  });

  test('keeps its socket for the next call, and reports the first one alone', async () => {
    answer = (_request, response) => response.end('{"a":1}');
    const steps: string[] = [];
    const line = await lineTo('127.0.0.1', asWritten, { done: (step) => void steps.push(step) });
    for (let at = 0; at < 3; at += 1)
      expect(await line.json({ path: '/', signal: signal() })).toEqual({ a: 1 });
    expect([dials, steps]).toEqual([1, ['tcp']]);
    answer = (_request, response) => response.writeHead(200, { connection: 'close' }).end('{}');
    for (let at = 0; at < 2; at += 1) await line.json({ path: '/', signal: signal() });
    expect([dials, steps]).toEqual([2, ['tcp']]);
    await line.close();
  });

  test('dials for no call that was aborted', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const asked = new Promise<void>((resolve) => {
      answer = ({ socket }) => {
        closed = new Promise((gone) => socket.once('close', gone));
        resolve();
      };
    });
    const line = await local();
    const controller = new AbortController();
    const fault = faultOf(line.call({ path: '/', signal: controller.signal }));
    await asked;
    controller.abort(new AppError('CANCELLED', 'enough'));
    expect((await fault).code).toBe('CANCELLED');
    await closed;
    answer = (_request, response) => response.end('{}');
    expect(await line.json({ path: '/', signal: signal() })).toEqual({});
    expect(dials).toBe(2);
    await line.close();
  });

  test('leaves a TLS handshake with the last call that waits for it, and dials anew for the next one', async () => {
    const sockets: { readonly socket: Socket; readonly gone: Promise<unknown> }[] = [];
    let hello: () => void = () => undefined;
    const silent = createSilentServer((socket) => {
      socket.on('error', () => undefined);
      sockets.push({ socket, gone: new Promise((gone) => socket.once('close', gone)) });
      // The first bytes are the ClientHello, which gets no answer.
      socket.once('data', () => hello());
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const origin = new URL(`https://127.0.0.1:${String((silent.address() as AddressInfo).port)}`);
    const whileOpened = new AbortController();
    const line = await HttpLine.over(
      { origin, sockets: 1 },
      { signal: whileOpened.signal, locate: asWritten },
    );
    const call = () => {
      const greeted = new Promise<void>((resolve) => (hello = resolve));
      const caller = new AbortController();
      return { greeted, caller, fault: faultOf(line.call({ path: '/', signal: caller.signal })) };
    };
    const enough = new AppError('CANCELLED', 'enough');
    let [one, other] = [call(), call()];
    for (let at = 0; at < 3; at += 1) {
      await other.greeted;
      one.caller.abort(enough);
      expect(sockets.at(-1)?.socket.destroyed).toBe(false);
      other.caller.abort(enough);
      const left = [one.fault, other.fault];
      // Calls of the same moment are not what was left.
      [one, other] = [call(), call()];
      expect(await Promise.all(left)).toEqual([enough, enough]);
    }
    await other.greeted;
    for (const { caller } of [one, other]) caller.abort(enough);
    expect(await Promise.all([one.fault, other.fault])).toEqual([enough, enough]);
    await Promise.all(sockets.map(({ gone }) => gone));
    expect(sockets.length).toBeGreaterThanOrEqual(4);
    await line.close();
    await new Promise((resolve) => silent.close(resolve));
  });

  test('unpacks what a server packs, within the bounds of an answer', async () => {
    answer = (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('[1]'.padEnd(2_000)));
    const line = await local();
    expect(await line.json({ path: '/', signal: signal() })).toEqual([1]);
    const fault = await faultOf(line.json({ path: '/', signal: signal(), maxBytes: 1_000 }));
    expect(fault.code).toBe('PROTOCOL');
    await line.close();
  });

  test('T45: follows no redirect', async () => {
    let requests = 0;
    answer = (_request, response) => {
      requests += 1;
      response.writeHead(302, { location: 'http://169.254.169.254/' }).end();
    };
    const line = await local();
    const fault = await faultOf(line.json({ path: '/', signal: signal() }));
    expect([fault.code, requests]).toEqual(['PROTOCOL', 1]);
    await line.close();
  });

  test('refuses an answer that is too long, and closes its socket', async () => {
    answer = (_request, response) => response.end(Buffer.alloc(1_000_000));
    const line = await local();
    expect((await faultOf(line.call({ path: '/', signal: signal(), maxBytes: 1_000 }))).code).toBe(
      'PROTOCOL',
    );
    await line.close();
  });

  test('takes no listener of the signal for each of many calls, which it ends all the same', async () => {
    let asked = 0;
    const caller = new AbortController();
    let listeners = Number.NaN;
    answer = () => {
      if (++asked < 4) return;
      listeners = getEventListeners(caller.signal, 'abort').length;
      caller.abort(new AppError('CANCELLED', 'left'));
    };
    const line = await local();
    const calls = Array.from({ length: 4 }, () => faultOf(line.call({ path: '/', signal: caller.signal })));
    expect((await Promise.all(calls)).map(({ code }) => code)).toEqual(Array(4).fill('CANCELLED'));
    expect(listeners).toBeLessThanOrEqual(1);
    await line.close();
  });

  test('rejects with the reason of its caller, whose socket is gone then', async () => {
    const caller = new AbortController();
    const closed = new Promise<void>((resolve) => {
      answer = (request) => {
        request.on('close', resolve);
        caller.abort(new AppError('CANCELLED', 'left'));
      };
    });
    const line = await local();
    expect((await faultOf(line.call({ path: '/', signal: caller.signal }))).code).toBe('CANCELLED');
    await closed;
    await line.close();
  });

  test.each([
    [401, 'AUTH_FAILED'],
    [403, 'PERMISSION_DENIED'],
    [429, 'THROTTLED'],
    [500, 'QUERY_FAILED'],
    [502, 'UNREACHABLE'],
  ])('gives HTTP %d its code', async (status, code) => {
    answer = (_request, response) => response.writeHead(status).end('secret');
    const line = await local();
    const fault = await faultOf(line.call({ path: '/', signal: signal() }).then(expectOk));
    expect([fault.code, JSON.stringify(fault)]).toEqual([code, expect.not.stringContaining('secret')]);
    await line.close();
  });

  test('is told of what is no HTTP, and of what is no JSON', async () => {
    answer = (request) => request.socket.end('SSH-2.0-x\r\n\r\n');
    const line = await local();
    expect((await faultOf(line.call({ path: '/', signal: signal() }))).code).toBe('PROTOCOL');
    answer = (_request, response) => response.end('<html>');
    expect((await faultOf(line.json({ path: '/', signal: signal() }))).code).toBe('PROTOCOL');
    await line.close();
  });
});

test('a path encodes its segments and its query', () => {
  expect(pathOf(['a b', '../c'], { q: 'x&y', none: undefined, n: 1 })).toBe('/a%20b/..%2Fc?q=x%26y&n=1');
  expect(pathOf([])).toBe('/');
});
