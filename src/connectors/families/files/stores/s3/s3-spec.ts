import { Type, type Static, type TObject } from 'typebox';
import {
  HOST_PATTERN,
  normalizeHost,
  secret,
  text,
  tls,
  type Address,
  type ConnectionFault,
} from '../../../../spi/index.js';
import { AppError } from '../../../../../common/app-error.js';

/** Letters, digits, dots and hyphens; older buckets and other services also allow capitals and underscores. */
export const BUCKET_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$';

/** Everything but the bucket: S3 of AWS, or a service that speaks as it does. */
export const s3Fields = () => ({
  region: Type.Optional(
    Type.String({
      title: 'Region',
      description: 'Region of the bucket; other services than AWS often take us-east-1.',
      pattern: '^[a-z0-9-]{2,40}$',
      default: 'us-east-1',
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  host: Type.Optional(
    Type.String({
      title: 'Host',
      description: 'Host of a service that speaks S3; AWS itself if left out.',
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
      description: 'Of such a service; 443, or 80 without TLS, if left out.',
      minimum: 1,
      maximum: 65_535,
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  path_style: Type.Optional(
    Type.Boolean({
      title: 'Path style',
      description:
        'Whether the bucket stands in the path of the URL and not in its host name; by default for other services than AWS.',
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  access_key_id: Type.Optional(text('Access key ID', { 'x-destination': true, 'x-group': 'login' })),
  secret_access_key: Type.Optional(secret('Secret access key')),
  session_token: Type.Optional(secret('Session token', { description: 'Of temporary keys.' })),
  role_arn: Type.Optional(
    Type.String({
      title: 'Role ARN',
      description: 'Role that the keys assume to read the bucket.',
      maxLength: 2_048,
      pattern: '^arn:[a-z-]{2,20}:iam::[0-9A-Za-z]*:role/[A-Za-z0-9_+=,.@/-]{1,1024}$',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  external_id: Type.Optional(
    Type.String({
      title: 'External ID',
      description: 'What the role wants to hear from whoever assumes it.',
      minLength: 2,
      maxLength: 1_224,
      pattern: '^[A-Za-z0-9_+=,.@:/-]+$',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  anonymous: Type.Optional(
    Type.Boolean({
      title: 'Anonymous',
      description: 'Reads a public bucket without keys.',
      'x-destination': true,
      'x-group': 'login',
    }),
  ),
  ...tls(),
});

export const bucketField = () => ({
  bucket: Type.String({
    title: 'Bucket',
    pattern: BUCKET_PATTERN,
    examples: ['acme-lake'],
    'x-destination': true,
    'x-group': 'server',
  }),
});

export type S3Config = Static<TObject<ReturnType<typeof s3Fields>>> & {
  readonly bucket?: string | undefined;
};

/** Where the bucket is, or the service itself where no bucket is named. */
export function s3Endpoint(config: S3Config): Address {
  const host = normalizeHost(config.host ?? awsHost('s3', config.region));
  const named = config.bucket !== undefined && !isPathStyle(config) ? `${config.bucket}.${host}` : host;
  return { host: named, port: config.port ?? (config.tls?.mode === 'disable' ? 80 : 443) };
}

/** A host of AWS, such as `sts.eu-west-1.amazonaws.com`. */
export function awsHost(service: string, region = 'us-east-1'): string {
  return `${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

export function isPathStyle({ path_style: style, host, bucket }: S3Config): boolean {
  // The certificate of AWS stands for one level of names alone, and an address has no names below it.
  return style ?? (host !== undefined || bucket === undefined || bucket.includes('.'));
}

/**
 * What the fields mean together. Keys of the machine that runs this are never taken, so there must be keys or the word
 * that there are none.
 *
 * @throws AppError AMBIENT_CREDENTIALS_FORBIDDEN where there is neither.
 */
export function checkS3(config: S3Config, at = ''): readonly ConnectionFault[] {
  const faults: ConnectionFault[] = [];
  const fault = (field: string, code: string, detail: string): void =>
    void faults.push({ pointer: `${at}/${field}`, code, detail });
  const { access_key_id: id, anonymous } = config;
  if (id === undefined && anonymous !== true)
    throw new AppError('AMBIENT_CREDENTIALS_FORBIDDEN', 'The bucket needs keys of its own.', {
      errors: [
        { pointer: `/connection${at}/access_key_id`, code: 'required', detail: 'Give an access key.' },
      ],
      hint: 'Give access_key_id and secret_access_key, or set `anonymous` for a public bucket.',
    });
  if (id !== undefined && anonymous === true)
    fault('anonymous', 'excluded', 'It cannot be set together with an access key.');
  if (config.role_arn !== undefined && anonymous === true)
    fault('role_arn', 'excluded', 'A role can only be assumed with keys.');
  if (config.external_id !== undefined && config.role_arn === undefined)
    fault('external_id', 'excluded', 'It is told to a role, and there is none.');
  if (config.host === undefined) {
    for (const field of ['port', 'path_style'] as const)
      if (field === 'port' && config.port !== undefined)
        fault(field, 'excluded', 'It belongs to a host, and there is none.');
    if (config.tls?.mode === 'disable') fault('tls/mode', 'excluded', 'AWS is only reached with TLS.');
  }
  return faults;
}
