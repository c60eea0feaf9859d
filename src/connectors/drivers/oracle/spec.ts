import { Type, type Static } from 'typebox';
import {
  connectionSpec,
  endpoint,
  login,
  pem,
  secret,
  text,
  tls,
  type ConnectionFault,
} from '../../spi/index.js';

/** No connect string: what reaches the driver are these fields alone, and it reads no file. */
export const oracleSpec = connectionSpec('oracle', {
  ...endpoint(1521),
  service_name: text('Service name', {
    description: 'Name of the service that the listener offers, such as that of a pluggable database.',
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.$#-]*$',
    maxLength: 128,
    examples: ['orclpdb1'],
    'x-destination': true,
    'x-group': 'server',
  }),
  ...login(),
  wallet: Type.Optional(
    pem('Wallet', {
      description:
        'Text of ewallet.pem, in the place of tls.ca, tls.client_cert and tls.client_key. Needs TLS, mostly on port 2484 or 1522.',
      writeOnly: true,
      format: 'password',
      'x-group': 'tls',
    }),
  ),
  wallet_password: Type.Optional(secret('Password of the wallet', { 'x-group': 'tls' })),
  ...tls(),
});

export type OracleConfig = Static<typeof oracleSpec>;

/** A wallet is the authority, the certificate and the key: it stands alone, and only for TLS. */
export function oracleFaults({ wallet, wallet_password, tls: block = {} }: OracleConfig): ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const refuse = (pointer: string, detail: string): void =>
    void faults.push({ pointer, code: 'invalid', detail });
  if (wallet !== undefined) {
    if (block.mode === 'disable') refuse('/wallet', 'A wallet needs TLS.');
    for (const part of ['ca', 'client_cert', 'client_key'] as const)
      if (block[part] !== undefined) refuse(`/tls/${part}`, 'The wallet has it already.');
  } else if (wallet_password !== undefined && block.mode === 'disable')
    refuse('/wallet_password', 'A wallet needs TLS.');
  return faults;
}
