import { Type, type Static, type TObject } from 'typebox';
import { AppError } from '../../../../../common/app-error.js';
import {
  HOST_PATTERN,
  normalizeHost,
  secret,
  tls,
  type Address,
  type ConnectionFault,
} from '../../../../spi/index.js';
import { googleAccountOf } from '../../../http/google-account.js';

/** Everything but the bucket. */
export const gcsFields = () => ({
  service_account: Type.Optional(
    secret('Service account key', {
      description: 'The text of a key file of the type service_account, JSON as Google hands it out.',
      'x-widget': 'textarea',
    }),
  ),
  anonymous: Type.Optional(
    Type.Boolean({
      title: 'Anonymous',
      description: 'Reads a public bucket without a key.',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  host: Type.Optional(
    Type.String({
      title: 'Host',
      description: 'Host of a private endpoint or of an emulator; storage.googleapis.com if left out.',
      minLength: 1,
      maxLength: 253,
      pattern: HOST_PATTERN,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  port: Type.Optional(
    Type.Integer({
      title: 'Port',
      description: 'Of such a host; 443, or 80 without TLS, if left out.',
      minimum: 1,
      maximum: 65_535,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  ...tls(),
});

export type GcsConfig = Static<TObject<ReturnType<typeof gcsFields>>> & {
  readonly bucket?: string | undefined;
};

export function gcsEndpoint({ host, port, tls: security }: GcsConfig): Address {
  return {
    host: normalizeHost(host ?? 'storage.googleapis.com'),
    port: port ?? (security?.mode === 'disable' ? 80 : 443),
  };
}

/**
 * What the fields mean together.
 *
 * @throws AppError CONFIG_INVALID where the key is none of a service account.
 */
export function checkGcs(config: GcsConfig, at = ''): readonly ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const fault = (field: string, code: string, detail: string): void =>
    void faults.push({ pointer: `${at}/${field}`, code, detail });
  const { service_account: key, anonymous, host, port, tls: security } = config;
  if (key !== undefined) {
    if (anonymous === true)
      fault('anonymous', 'excluded', 'It cannot be set together with a service account key.');
    try {
      googleAccountOf(key);
    } catch (error) {
      fault('service_account', 'invalid', error instanceof AppError ? error.message : 'It is not valid.');
    }
  }
  if (host === undefined) {
    if (port !== undefined) fault('port', 'excluded', 'It belongs to a host, and there is none.');
    if (security?.mode === 'disable') fault('tls/mode', 'excluded', 'Google is only reached with TLS.');
  }
  return faults;
}
