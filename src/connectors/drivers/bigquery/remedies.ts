import type { ErrorCode } from '../../../common/app-error.js';
import { TRUST_REMEDY } from '../../families/http/trust-remedy.js';
import type { Remedy } from '../../spi/index.js';
import type { BigqueryConfig } from './spec.js';

/** Roles that let an account see all metadata of a project, and nothing of the data. */
const grants = (project: string): readonly string[] => [
  `gcloud projects add-iam-policy-binding ${project} --member=serviceAccount:ACCOUNT --role=roles/bigquery.metadataViewer`,
];

/** What an administrator of the project does about a fault. */
export function remedyFor(code: ErrorCode, { project, dataset }: BigqueryConfig): Remedy | undefined {
  switch (code) {
    case 'AUTH_FAILED':
      return {
        text: 'The key was deleted, its account is disabled, or the clock of this product is wrong. Make a new key for the account and give its JSON as service_account.',
        sql: [
          'gcloud iam service-accounts keys list --iam-account=ACCOUNT',
          'gcloud iam service-accounts keys create key.json --iam-account=ACCOUNT',
        ],
      };
    case 'PERMISSION_DENIED':
      return {
        text: 'Let the account see the metadata of the project, and see that the BigQuery API is enabled there. The role reads no rows.',
        sql: [`gcloud services enable bigquery.googleapis.com --project=${project}`, ...grants(project)],
      };
    case 'DATABASE_NOT_FOUND':
      return {
        text: `The project ${project}${dataset === undefined ? '' : ` or its dataset ${dataset}`} does not exist, or the account may not know of it. Give the id of the project, not its name or number.`,
        sql: ['gcloud projects list', `bq ls --project_id=${project}`, ...grants(project)],
      };
    case 'THROTTLED':
      return {
        text: 'The quota of the BigQuery API of the project is used up for now. Wait, choose a longer interval, or raise the quota in the console.',
      };
    case 'TLS_FAILED':
      return TRUST_REMEDY;
    default:
      return undefined;
  }
}
