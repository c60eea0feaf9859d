import { parseArgs } from 'node:util';

export const KEYS_USAGE = `Usage: npm run keys -- <command>
  status  --org <uuid>                   versions of the organization's key, and how far a rotation is
  rewrap                                 wrap the keys of all organizations under the newest APP_SECRET
  rotate  --org <uuid>                   make a new key and encrypt all secrets under it
  destroy --org <uuid> --version <n>     destroy an old key; with --force also where secrets are lost by it
  import  --org <uuid> --file <ndjson>   bring secrets over; a line is {"data_source": "<uuid>", "secrets": {"password":
                                         "gAAAA…"}}, Fernet tokens under SHA-256 of one of the secrets in APP_SECRET
With APP_SECRET and DATABASE_URL as the product has them; without DATABASE_URL it is the embedded server of DATA_DIR.
`;

/** The command line is not understood; the text says what is expected. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export type KeyCommand =
  | { readonly name: 'rewrap' }
  | { readonly name: 'status' | 'rotate'; readonly orgId: string }
  | { readonly name: 'destroy'; readonly orgId: string; readonly version: number; readonly force: boolean }
  | { readonly name: 'import'; readonly orgId: string; readonly file: string };

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * What the arguments of `npm run keys` ask for; undefined for the usage.
 *
 * @throws UsageError
 */
export function keyCommand(args: readonly string[]): KeyCommand | undefined {
  const { values, positionals } = parsed(args);
  const [name, ...more] = positionals;
  if (values.help || name === undefined) return undefined;
  if (more.length > 0) throw new UsageError('Give one command.');
  if (name === 'rewrap') return { name };
  if (name !== 'status' && name !== 'rotate' && name !== 'destroy' && name !== 'import')
    throw new UsageError('The commands are status, rewrap, rotate, destroy and import.');
  const orgId = values.org?.toLowerCase() ?? '';
  if (!UUID.test(orgId)) throw new UsageError('--org must be the UUID of an organization.');
  if (name === 'destroy') {
    if (!/^[1-9]\d{0,8}$/.test(values.version ?? ''))
      throw new UsageError('--version must be the number of a key.');
    return { name, orgId, version: Number(values.version), force: values.force };
  }
  if (name !== 'import') return { name, orgId };
  if (values.file === undefined) throw new UsageError('--file must name a file.');
  return { name, orgId, file: values.file };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        org: { type: 'string' },
        version: { type: 'string' },
        file: { type: 'string' },
        force: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as { message?: string }).message ?? 'The options are not known.');
  }
}
