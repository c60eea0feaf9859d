import { createHash } from 'node:crypto';
import { Fernet, FernetError } from './fernet.js';

/**
 * The text of a token in the form of the system that this one follows: Fernet under SHA-256 of the application secret,
 * without a key of the organization and bound to nothing. It is read to bring such secrets over and is never written.
 *
 * @param appSecrets tried one after the other.
 * @returns undefined where none of them opens it.
 */
export function openSeedToken(token: string, appSecrets: readonly string[]): string | undefined {
  for (const secret of appSecrets) {
    try {
      return new Fernet(createHash('sha256').update(secret).digest()).open(token).toString('utf8');
    } catch (error) {
      if (!(error instanceof FernetError)) throw error;
    }
  }
  return undefined;
}
