import { Type } from 'typebox';
import type { ErrorCode } from '../../common/app-error.js';
import { openBucketSession } from '../families/files/buckets/bucket-session.js';
import { gcsRemedy } from '../families/files/stores/gcs/gcs-remedies.js';
import { checkGcs, gcsEndpoint, gcsFields } from '../families/files/stores/gcs/gcs-spec.js';
import { bucketField } from '../families/files/stores/s3/s3-spec.js';
import { connectionSpec, defineConnector } from '../spi/index.js';

const spec = connectionSpec('gcs', {
  bucket: Type.Optional(
    Type.String({
      ...bucketField().bucket,
      description: 'The bucket to read; all of the project if left out.',
    }),
  ),
  project: Type.Optional(
    Type.String({
      title: 'Project',
      description: "Project whose buckets are listed; the service account's own if left out.",
      pattern: '^[a-z0-9][a-z0-9.:-]{1,62}$',
      'x-destination': true,
      'x-group': 'server',
    }),
  ),
  ...gcsFields(),
});

/** Google Cloud Storage: buckets, folders, formats and partitions. */
export const gcs = defineConnector({
  type: 'gcs',
  title: 'Google Cloud Storage',
  category: 'file',
  spec,
  capabilities: ['discover'],
  concurrency: 'shared',

  async open(config, context) {
    const { gcsBuckets } = await import('../families/files/stores/gcs/gcs-buckets.js');
    return openBucketSession(gcsBuckets(config, context), { bucket: config.bucket, context });
  },

  check: (config) => checkGcs(config),
  endpoint: gcsEndpoint,
  remedy: (code: ErrorCode, config) => gcsRemedy(code, config),
});
