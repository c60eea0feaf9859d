/** A fault that the walk shows in one or a few lines. */
export class DemoFault extends Error {}

const ELSEWHERE = 'for one that listens elsewhere: PORT=… npm run demo, or npm run demo -- --url http://…';

/** Calls the product's HTTP API as any client would; JSON in and out. */
export class DemoApi {
  constructor(
    private readonly base: string,
    private readonly token: string,
  ) {}

  /** @throws DemoFault with the problem's title, detail and hint where the answer is not a success. */
  async call(method: string, path: string, body?: unknown): Promise<{ body: unknown; headers: Headers }> {
    const response = await this.send(path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...this.headers(), ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    const parsed = this.parse(text);
    if (!response.ok) throw new DemoFault(`${method} ${path}: ${problemText(response.status, parsed)}`);
    return { body: parsed, headers: response.headers };
  }

  /** The data of Server-Sent Events as they come, until the server ends the stream. */
  async *events(path: string): AsyncGenerator<{ event: string; data: unknown }> {
    const response = await this.send(path, { headers: { ...this.headers(), accept: 'text/event-stream' } });
    if (!response.ok || response.body === null)
      throw new DemoFault(`GET ${path}: ${String(response.status)}`);
    let buffer = '';
    for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
      buffer += chunk;
      const blocks = buffer.split(/\r?\n\r?\n/);
      buffer = blocks.pop() ?? '';
      for (const block of blocks) {
        const lines = block.split(/\r?\n/);
        const field = (name: string): string =>
          lines
            .filter((line) => line.startsWith(`${name}:`))
            .map((line) => line.slice(name.length + 1).trim())
            .join('\n');
        if (field('data') !== '') yield { event: field('event'), data: JSON.parse(field('data')) as unknown };
      }
    }
  }

  private parse(text: string): unknown {
    try {
      return text === '' ? undefined : JSON.parse(text);
    } catch {
      throw new DemoFault(
        `What answers at ${this.base} is not this product. Start it with npm start; ${ELSEWHERE}`,
      );
    }
  }

  private headers(): Record<string, string> {
    return { authorization: `Bearer ${this.token}`, accept: 'application/json' };
  }

  private async send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetch(`${this.base}${path}`, init);
    } catch {
      throw new DemoFault(`No server answers at ${this.base}. Start one with npm start; ${ELSEWHERE}`);
    }
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly code?: string;
  readonly errors?: readonly unknown[];
}

function problemText(status: number, body: unknown): string {
  const { title, detail, hint, code, errors = [] } = (body ?? {}) as Problem;
  const faults = errors.map((one) => JSON.stringify(one));
  return [String(status), code, title, detail, ...faults, hint]
    .filter((part) => part !== undefined)
    .join(' · ');
}
