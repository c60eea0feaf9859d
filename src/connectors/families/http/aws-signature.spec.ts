import { describe, expect, test } from '@jest/globals';
import { awsEncode, awsPath, presignedPath, signedHeaders, type AwsScope } from './aws-signature.js';

/** Of the signing test suite that AWS publishes (awslabs/aws-c-auth, tests/aws-signing-test-suite/v4). */
const SUITE: AwsScope = {
  key: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 'service',
};
const SUITE_AT = new Date('2015-08-30T12:36:00Z');
const SUITE_TOKEN = '6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267';
const UNRESERVED = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const signatureIn = (headers: Record<string, string>): string | undefined =>
  /Signature=([0-9a-f]{64})$/.exec(headers.authorization ?? '')?.[1];

// Its paths are not encoded before they are signed, so that the one encoding of the signature is all.
describe("AWS's own test suite", () => {
  test.each([
    ['get-vanilla', '/', {}, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    [
      'get-vanilla-query-order-key-case',
      '/?Param2=value2&Param1=value1',
      {},
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
    ],
    [
      'get-vanilla-query-unreserved',
      awsPath([''], { [UNRESERVED]: UNRESERVED }),
      {},
      '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
    ],
    [
      'get-vanilla-utf8-query',
      awsPath([''], { ሴ: 'bar' }),
      {},
      '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04',
    ],
    ['get-utf8', '/ሴ', {}, '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85'],
    [
      'get-space-unnormalized',
      '/example space/',
      {},
      '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741',
    ],
    [
      'get-header-value-trim',
      '/',
      { 'My-Header1': ' value1', 'My-Header2': ' "a   b   c"' },
      'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
    ],
  ])('%s', (_name, path, headers, signature) => {
    const request = { method: 'GET', host: 'example.amazonaws.com', path, headers };
    expect(signatureIn(signedHeaders(request, SUITE, SUITE_AT))).toBe(signature);
  });

  test('get-vanilla-with-session-token, in headers', () => {
    const scope = { ...SUITE, key: { ...SUITE.key, sessionToken: SUITE_TOKEN } };
    const request = { method: 'GET', host: 'example.amazonaws.com', path: '/' };
    expect(signatureIn(signedHeaders(request, scope, SUITE_AT))).toBe(
      '07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8',
    );
  });
});

/** Of "Authenticating Requests: AWS Signature Version 4" in the S3 API reference. */
const S3: AwsScope = {
  key: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
  region: 'us-east-1',
  service: 's3',
};
const S3_AT = new Date('2013-05-24T00:00:00Z');
const S3_HOST = 'examplebucket.s3.amazonaws.com';

describe('the examples of S3', () => {
  test.each([
    [
      'GET Object',
      '/test.txt',
      { Range: 'bytes=0-9' },
      'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    ],
    [
      'GET Bucket lifecycle',
      '/?lifecycle',
      {},
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    ],
    [
      'GET Bucket',
      '/?max-keys=2&prefix=J',
      {},
      '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
    ],
  ])('%s', (_name, path, headers, signature) => {
    const request = { method: 'GET', host: S3_HOST, path, headers };
    expect(signatureIn(signedHeaders(request, S3, S3_AT))).toBe(signature);
  });

  test('a presigned URL', () => {
    const request = { method: 'GET', host: S3_HOST, path: '/test.txt' };
    const path = presignedPath(request, S3, { expiresInS: 86_400, at: S3_AT });
    expect(path).toBe(
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    );
  });
});

test('encodes what encodeURIComponent leaves, and keeps names apart that continue each other', () => {
  expect(awsEncode("a b!'()*/~é")).toBe('a%20b%21%27%28%29%2A%2F~%C3%A9');
  expect(awsPath(['bucket', '..', 'x+y'], { 'list-type': 2, prefix: '', token: undefined })).toBe(
    '/bucket/../x%2By?list-type=2&prefix=',
  );
});
