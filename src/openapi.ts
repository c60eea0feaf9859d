import 'reflect-metadata';
import { CONNECTORS } from './connectors/drivers/index.js';
import { settle } from './docs/generated-file.js';
import { openApiDocument } from './openapi-document.js';
import { createOfflineApp } from './openapi/offline-app.js';

// `npm run openapi`: the document in openapi.json, without plugins. With --check nothing is written.
const app = await createOfflineApp();
settle(
  { 'openapi.json': `${JSON.stringify(openApiDocument(app, CONNECTORS), null, 2)}\n` },
  'npm run openapi',
);
