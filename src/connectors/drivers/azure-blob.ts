import { Type } from 'typebox';
import type { ErrorCode } from '../../common/app-error.js';
import { openBucketSession } from '../families/files/buckets/bucket-session.js';
import { azureRemedy } from '../families/files/stores/azure/azure-remedies.js';
import {
  azureEndpoint,
  azureFields,
  checkAzure,
  containerField,
} from '../families/files/stores/azure/azure-spec.js';
import { connectionSpec, defineConnector } from '../spi/index.js';

const spec = connectionSpec('azure_blob', {
  container: Type.Optional(
    Type.String({
      ...containerField().container,
      description: 'The container to read; all of the account if left out.',
    }),
  ),
  ...azureFields(),
});

/** Azure Blob Storage: containers, folders, formats and partitions. */
export const azureBlob = defineConnector({
  type: 'azure_blob',
  title: 'Azure Blob Storage',
  category: 'file',
  spec,
  capabilities: ['discover'],
  concurrency: 'shared',

  async open(config, context) {
    const { azureContainers } = await import('../families/files/stores/azure/azure-buckets.js');
    return openBucketSession(azureContainers(config, context), { bucket: config.container, context });
  },

  check: (config) => checkAzure(config),
  endpoint: azureEndpoint,
  remedy: (code: ErrorCode, config) => azureRemedy(code, config),
});
