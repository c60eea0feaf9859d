import type { ErrorCode } from '../../../../../common/app-error.js';
import type { Remedy } from '../../../../spi/index.js';
import type { S3Config } from './s3-spec.js';

/** What to do about a fault of a bucket, with the policy that the keys or the role need. */
export function s3Remedy(code: ErrorCode, { bucket, role_arn: role, region }: S3Config): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check access_key_id, secret_access_key and session_token, the region, and that the clocks of both sides agree.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: `Attach this policy to the ${role === undefined ? 'user of the keys' : 'role, and let its trust policy name the user of the keys'}.`,
        sql: [policyFor(bucket)],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: `Check the name of the bucket and that it is in the region ${region ?? 'us-east-1'}; case counts.`,
      };
    default:
      return undefined;
  }
}

function policyFor(bucket: string | undefined): string {
  const arn = `arn:aws:s3:::${bucket ?? '*'}`;
  const statements = [
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket', 's3:GetBucketVersioning', 's3:GetBucketTagging'],
      Resource: arn,
    },
    { Effect: 'Allow', Action: ['s3:GetObject'], Resource: `${arn}/*` },
    ...(bucket === undefined ? [{ Effect: 'Allow', Action: ['s3:ListAllMyBuckets'], Resource: '*' }] : []),
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
