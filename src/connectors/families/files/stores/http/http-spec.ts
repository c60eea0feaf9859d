import { Type, type Static, type TObject } from 'typebox';
import {
  HOST_PATTERN,
  secret,
  text,
  tls,
  type Address,
  type ConnectionFault,
} from '../../../../spi/index.js';

/** Headers that say something about the connection or the request itself: not for a secret. */
const RESERVED =
  /^(host|connection|content-.*|transfer-encoding|te|trailer|upgrade|range|if-.*|accept.*|expect|proxy-.*|keep-alive|user-agent|cookie2?|forwarded|x-forwarded-.*)$/i;

/** A web server; the path of the file stands in `file_path`. */
export const webFields = () => ({
  host: Type.String({
    title: 'Host',
    description: 'Host name or IP address of the web server.',
    minLength: 1,
    maxLength: 253,
    pattern: HOST_PATTERN,
    examples: ['files.example.com'],
    'x-destination': true,
    'x-group': 'server',
  }),
  port: Type.Optional(
    Type.Integer({
      title: 'Port',
      description: '443, or 80 without TLS, if left out.',
      minimum: 1,
      maximum: 65_535,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  username: Type.Optional(
    text('User name', {
      description: 'For basic authentication.',
      pattern: '^[^\\u0000-\\u001f\\u007f:]*$',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  password: Type.Optional(secret('Password')),
  bearer_token: Type.Optional(secret('Bearer token', { pattern: '^[\\x21-\\x7e]+$' })),
  header_name: Type.Optional(
    Type.String({
      title: 'Header name',
      description: 'Header that carries a key, such as X-Api-Key.',
      pattern: "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$",
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  header_value: Type.Optional(secret('Header value', { pattern: '^[\\x20-\\x7e]+$' })),
  ...tls(),
});

export type WebConfig = Static<TObject<ReturnType<typeof webFields>>>;

export function webEndpoint({ host, port, tls: security }: WebConfig): Address {
  return { host, port: port ?? (security?.mode === 'disable' ? 80 : 443) };
}

/** One login at most. */
export function checkWeb(config: WebConfig, at = ''): readonly ConnectionFault[] {
  const { username, bearer_token: token, header_name: header } = config;
  const faults: ConnectionFault[] = [];
  const given = [
    ['username', username],
    ['bearer_token', token],
    ['header_name', header],
  ].flatMap(([name, value]) => (value === undefined ? [] : [name ?? '']));
  for (const name of given.slice(1))
    faults.push({
      pointer: `${at}/${name}`,
      code: 'excluded',
      detail: `There is one login only: ${given[0] ?? ''} is given already.`,
    });
  if (header !== undefined && RESERVED.test(header))
    faults.push({ pointer: `${at}/header_name`, code: 'invalid', detail: 'This header is not for a key.' });
  if (config.password !== undefined && username === undefined)
    faults.push({ pointer: `${at}/username`, code: 'required', detail: 'A password needs its user name.' });
  if (config.header_value !== undefined && header === undefined)
    faults.push({ pointer: `${at}/header_name`, code: 'required', detail: 'A value needs its header.' });
  return faults;
}
