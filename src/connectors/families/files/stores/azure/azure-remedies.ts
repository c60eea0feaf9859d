import type { ErrorCode } from '../../../../../common/app-error.js';
import type { Remedy } from '../../../../spi/index.js';
import type { AzureConfig } from './azure-spec.js';

/** What to do about a fault of a container, with the role that an application needs. */
export function azureRemedy(
  code: ErrorCode,
  {
    account,
    client_id: client = 'APPLICATION',
    container,
  }: AzureConfig & { readonly container?: string | undefined },
): Remedy | undefined {
  const place = `/subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Storage/storageAccounts/${account}`;
  const scope = container === undefined ? place : `${place}/blobServices/default/containers/${container}`;
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check the account key, the SAS token and its end, or the application and its secret; keys may have been rotated.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: "Let a SAS allow reading and listing (sp=rl), open the account's firewall for this service, or give the application the role that reads blobs.",
        sql: [
          `az role assignment create --assignee ${client} --role "Storage Blob Data Reader" --scope ${scope}`,
        ],
      };
    case 'DATABASE_NOT_FOUND':
      return { text: 'Check the names of the account and of the container; they are in lower case.' };
    default:
      return undefined;
  }
}
