import { expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { AppError } from '../../../common/app-error.js';
import { googleAccountOf } from './google-account.js';

const private_key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();
const KEY = {
  type: 'service_account',
  project_id: 'acme',
  private_key_id: 'k1',
  private_key,
  client_email: 'reader@acme.iam.gserviceaccount.com',
  token_uri: 'https://oauth2.googleapis.com/token',
};

const faultOf = (file: string): AppError => {
  try {
    googleAccountOf(file);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  throw new Error('It was taken.');
};

test("takes a service account's key", () => {
  expect(googleAccountOf(JSON.stringify(KEY))).toEqual({
    email: KEY.client_email,
    privateKey: private_key,
    keyId: 'k1',
    project: 'acme',
  });
});

test.each([
  ['another kind', { type: 'external_account', credential_source: { url: 'http://169.254.169.254/' } }],
  ['a user', { type: 'authorized_user' }],
  ['another token server', { token_uri: 'https://evil.example/token' }],
  ['a token server without TLS', { token_uri: 'http://oauth2.googleapis.com/token' }],
  ['a file in place of a key', { private_key: '/etc/passwd' }],
  ['no account', { client_email: undefined }],
  ['an account that is none', { client_email: 'a/b' }],
])('refuses %s', (_, changes) => {
  const fault = faultOf(JSON.stringify({ ...KEY, ...changes }));
  expect(fault.code).toBe('CONFIG_INVALID');
  expect(JSON.stringify([fault.message, fault.details])).not.toMatch(
    /evil|169\.254|passwd|PRIVATE KEY-----\\n/,
  );
});

test.each(['', '{', 'null', '[]', '"text"', '/path/to/key.json'])('refuses %j', (file) => {
  expect(faultOf(file).code).toBe('CONFIG_INVALID');
});
