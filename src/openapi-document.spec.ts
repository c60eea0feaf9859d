import { beforeAll, describe, expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Compile } from 'typebox/schema';
import { CONNECTORS } from './connectors/drivers/index.js';
import { openApiDocument } from './openapi-document.js';
import { createOfflineApp } from './openapi/offline-app.js';
import { rewrite, type Document, type Operation, type Schema } from './openapi/schema.js';
import { version30 } from './openapi/version-3-0.js';

describe('the OpenAPI document', () => {
  let made: OpenAPIObject;
  let document: Document;
  let operations: Operation[];

  beforeAll(async () => {
    made = openApiDocument(await createOfflineApp(), CONNECTORS);
    document = made as unknown as Document;
    operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  });

  /** Every JSON object below a value. */
  const objectsIn = (value: unknown): Schema[] => {
    const found: Schema[] = [];
    rewrite(value, (object) => (found.push(object), object));
    return found;
  };

  it('names each operation once, in snake_case, under one tag', () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z]+(_[a-z]+)+$/.test(id))).toEqual([]);
    expect(operations.filter(({ tags = [] }) => tags.length !== 1)).toEqual([]);
    const declared = document.tags?.map(({ name }) => name);
    expect(operations.filter(({ tags: [tag = ''] = [] }) => !declared?.includes(tag))).toEqual([]);
  });

  it('says of each operation whether it needs a token, and which problems can meet it', () => {
    const open = operations.filter(({ security }) => security?.length === 0);
    expect(open.map(({ operationId }) => operationId).sort()).toEqual([
      'download_file',
      'get_liveness',
      'get_readiness',
    ]);
    for (const { operationId, security = [], requestBody, parameters = [], responses } of operations) {
      const wanted = ['500'];
      if (security.length > 0) wanted.push('401', '403', '503');
      if (requestBody) wanted.push('400', '413', '415', '422');
      if (parameters.length > 0) wanted.push('422');
      if (parameters.some(({ in: place }) => place === 'path')) wanted.push('404');
      expect({ operationId, declared: Object.keys(responses) }).toEqual({
        operationId,
        declared: expect.arrayContaining(wanted),
      });
    }
  });

  it('takes a PATCH in both media types', () => {
    const update = operations.find(({ operationId }) => operationId === 'update_data_source');
    expect(Object.keys(update?.requestBody?.content ?? {})).toEqual([
      'application/json',
      'application/merge-patch+json',
    ]);
  });

  it('is in the terms of 3.1, with each enum in one place', () => {
    const objects = objectsIn(document);
    expect(objects.filter(({ nullable }) => nullable === true)).toEqual([]);
    expect(objects.filter((object) => object.$ref !== undefined && object.type !== undefined)).toEqual([]);
    const enums = objects.filter(({ enum: words }) => Array.isArray(words)).map(({ enum: words }) => words);
    expect(new Set(enums.map((words) => JSON.stringify(words))).size).toBe(enums.length);
    expect(enums.length).toBe(Object.values(document.components.schemas).filter((s) => s.enum).length);
  });

  it('shows no value of a secret (T80)', () => {
    const secrets = objectsIn(document).filter((object) => object.writeOnly === true);
    expect(secrets.length).toBeGreaterThan(4);
    for (const secret of secrets) {
      expect(secret.format).toBe('password');
      for (const keyword of ['example', 'examples', 'default', 'const', 'enum'])
        expect(secret).not.toHaveProperty(keyword);
    }
    for (const { requestBody } of operations)
      expect(JSON.stringify(requestBody ?? '')).not.toMatch(/"(password|client_key)":"/);
  });

  it('has examples that fit, one of them for each type', () => {
    const types = document.components.schemas.SourceType?.enum;
    for (const { operationId, requestBody } of operations)
      for (const { schema, examples = {} } of Object.values(requestBody?.content ?? {})) {
        if (['create_data_source', 'test_connection'].includes(operationId))
          expect(Object.keys(examples).sort()).toEqual([...(types ?? [])].sort());
        const fits = Compile({ ...document, ...schema });
        const wrong = Object.entries(examples).filter(([, { value }]) => !fits.Check(value));
        expect({ operationId, wrong }).toEqual({ operationId, wrong: [] });
      }
  });

  it('is exported for tools that know only 3.0', () => {
    const older = version30(made);
    expect(older.openapi).toBe('3.0.3');
    const objects = objectsIn(older);
    const types = objects.filter(({ type }) => type === 'null' || Array.isArray(type));
    expect(types).toEqual([]);
    expect(objects.filter((object) => typeof object.const === 'string')).toEqual([]);
    expect(objects.filter((object) => object.$ref && Object.keys(object).length > 1)).toEqual([]);
  });
});
