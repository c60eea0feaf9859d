import { expect, it } from '@jest/globals';
import { shapeOfCall } from './call-shape.js';

it.each([
  ['GET', '/', 'GET /'],
  ['GET', '/?token=s3cret', 'GET /'],
  ['GET', '/_cat/indices/orders-1?h=a', 'GET /_cat/{}/{}'],
  ['POST', '/v1/statement', 'POST /v1/{}'],
  ['GET', '/s3cret/key#s', 'GET /{}/{}'],
])('%s %s counts as %s', (method, path, shape) => {
  expect(shapeOfCall(method, path)).toBe(shape);
});
