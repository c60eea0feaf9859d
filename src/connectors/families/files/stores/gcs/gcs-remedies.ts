import type { ErrorCode } from '../../../../../common/app-error.js';
import type { Remedy } from '../../../../spi/index.js';
import type { GcsConfig } from './gcs-spec.js';

/** What to do about a fault of a bucket, with the roles that the account needs. */
export function gcsRemedy(code: ErrorCode, { bucket }: GcsConfig): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'Check that the key of the service account still exists and is enabled, and that the clock of this machine is right.',
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Grant these roles to the service account; they read and list only.',
        sql: [
          ...['roles/storage.objectViewer', 'roles/storage.bucketViewer'].map(
            (role) =>
              `gcloud storage buckets add-iam-policy-binding gs://${bucket ?? 'BUCKET'} --member=serviceAccount:EMAIL --role=${role}`,
          ),
        ],
      };
    case 'DATABASE_NOT_FOUND':
      return { text: 'Check the name of the bucket; case counts.' };
    default:
      return undefined;
  }
}
