import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { startApp, type TestApp } from '../support/app.js';
import { openBrowser, type Browser } from '../support/browser.js';
import { describeOn } from '../support/servers.js';
import { until } from '../support/until.js';

/** A name that would run where it is taken for HTML (T109). */
const HOSTILE = '<img src=x onerror="document.title=1">';

describeOn('chromium', 'Swagger UI in a real browser', () => {
  let app: TestApp;
  let browser: Browser;

  beforeAll(async () => {
    app = await startApp();
    const folder = join(app.config.filesRoot, app.orgId);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'orders.csv'), 'order_id,total\n1,2.50\n2,3.75\n');
    browser = await openBrowser();
    browser.page.setDefaultTimeout(30_000);
  }, 120_000);

  afterAll(async () => {
    await browser.close();
    await app.stop();
  });

  /** Opens an operation, fills its parameters, executes it as it stands, and gives back what the page shows. */
  const tryOut = async (
    id: string,
    parameters: Readonly<Record<string, string>> = {},
  ): Promise<{ status: string; body: Locator }> => {
    const operation = browser.page.locator(`#operations-${id}`);
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('.try-out__btn').click();
    for (const [name, value] of Object.entries(parameters))
      await operation.locator(`tr[data-param-name="${name}"] input`).fill(value);
    await operation.locator('button.execute').click();
    const live = operation.locator('.live-responses-table tr.response');
    await live.waitFor();
    const status = await live.locator('.response-col_status').innerText();
    return { status: status.trim(), body: live.locator('.highlight-code code').first() };
  };

  it('authorizes, and lists, creates and reads schemas by "Try it out"', async () => {
    const { page } = browser;
    await app.call('POST', '/data-sources', {
      body: { name: HOSTILE, connection: { type: 'csv', file_path: 'orders.csv' } },
    });
    await page.goto(`${app.url}/docs#/data-sources`);
    await page.locator('.auth-wrapper button.authorize').click();
    await page.locator('.auth-container input').fill(await app.token('admin'));
    await page.locator('.auth-btn-wrapper button.authorize').click();
    await page.locator('.auth-btn-wrapper .btn-done').click();

    const listed = await tryOut('data-sources-list_data_sources');
    expect(listed.status).toBe('200');
    expect(await listed.body.innerText()).toContain(HOSTILE.slice(0, 10));

    // The first example can be sent as it stands where the file is there, as it is in the demo.
    const created = await tryOut('data-sources-create_data_source');
    expect(created.status).toBe('201');
    const { id } = JSON.parse(await created.body.innerText()) as { id: string };

    await until(
      async () => (await app.call('GET', `/data-sources/${id}/schemas`)).text.includes('order_id'),
      'the first discovery ends',
      30_000,
    );
    const schemas = await tryOut('schema-discovery-list_data_source_schemas', { data_source_id: id });
    expect(schemas.status).toBe('200');
    expect(await schemas.body.innerText()).toContain('order_id');
  }, 120_000);

  it('explains problem codes', async () => {
    await browser.page.goto(`${app.url}/docs/problems#credentials_reentry_required`);
    expect(await browser.page.locator(':target').innerText()).toBe('CREDENTIALS_REENTRY_REQUIRED');
  });

  describe('asked by a link to load the document of somebody else (T109)', () => {
    let other: Server;
    let asked = 0;

    beforeAll(async () => {
      other = createServer((_request, response) => {
        asked += 1;
        response.setHeader('access-control-allow-origin', '*');
        response.end('{"openapi":"3.0.0","info":{"title":"Somebody else","version":"1"},"paths":{}}');
      });
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    });

    afterAll(() => void other.close());

    it.each(['url', 'configUrl', 'urls.primaryName', 'spec'])('by ?%s= shows its own', async (parameter) => {
      const link = `http://127.0.0.1:${String((other.address() as AddressInfo).port)}/openapi.json`;
      await browser.page.goto(`${app.url}/docs?${parameter}=${encodeURIComponent(link)}`);
      await browser.page.locator('.opblock').first().waitFor();
      expect(await browser.page.locator('.info .title').innerText()).toContain('Datawave Data Sources API');
      expect(asked).toBe(0);
    });
  });

  it('asked no other host for anything, and nothing was blocked or failed', () => {
    const hosts = new Set(
      browser.requests.filter((url) => !url.startsWith('data:')).map((url) => new URL(url).origin),
    );
    expect([...hosts]).toEqual([app.url]);
    expect(browser.errors).toEqual([]);
  });
});

describe('the documentation', () => {
  it('is not served with DOCS=off, and its data is JSON that no browser takes for anything else', async () => {
    const app = await startApp();
    for (const path of ['/docs-json', '/docs-json-3.0']) {
      const { status, headers } = await fetch(app.url + path);
      expect([
        status,
        headers.get('content-type')?.split(';')[0],
        headers.get('x-content-type-options'),
      ]).toEqual([200, 'application/json', 'nosniff']);
    }
    await app.stop();
    const closed = await startApp({ DOCS: 'off' });
    for (const path of ['/docs', '/docs-json', '/docs-yaml', '/docs-json-3.0', '/docs/problems'])
      expect((await fetch(closed.url + path)).status).toBe(404);
    await closed.stop();
  }, 120_000);
});
