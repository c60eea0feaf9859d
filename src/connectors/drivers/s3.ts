import { Type } from 'typebox';
import type { ErrorCode } from '../../common/app-error.js';
import { openBucketSession } from '../families/files/buckets/bucket-session.js';
import { s3Remedy } from '../families/files/stores/s3/s3-remedies.js';
import { bucketField, checkS3, s3Endpoint, s3Fields } from '../families/files/stores/s3/s3-spec.js';
import { connectionSpec, defineConnector } from '../spi/index.js';

const spec = connectionSpec('s3', {
  bucket: Type.Optional(
    Type.String({
      ...bucketField().bucket,
      description: 'The bucket to read; all that the keys may list if left out.',
    }),
  ),
  ...s3Fields(),
});

/** S3 of Amazon and services that speak as it does: buckets, folders, formats and partitions. */
export const s3 = defineConnector({
  type: 's3',
  title: 'Amazon S3 and compatible',
  category: 'file',
  spec,
  capabilities: ['discover'],
  concurrency: 'shared',

  async open(config, context) {
    const { s3Buckets } = await import('../families/files/stores/s3/s3-buckets.js');
    return openBucketSession(s3Buckets(config, context), { bucket: config.bucket, context });
  },

  check: (config) => checkS3(config),
  endpoint: s3Endpoint,
  remedy: (code: ErrorCode, config) => s3Remedy(code, config),
});
