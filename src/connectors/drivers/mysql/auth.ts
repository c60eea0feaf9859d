import { createHash } from 'node:crypto';
import type { AuthPlugin } from 'mysql2';
import { AppError } from '../../../common/app-error.js';
import { signEd25519 } from './ed25519.js';

const FAST_LOGIN_DONE = 3;

/** What mysql2 lacks: MariaDB's login by a signature, which gives nothing away on any line. */
export function signedLogins(password: string): Record<string, AuthPlugin> {
  return {
    client_ed25519: () => (challenge) =>
      password === '' ? Buffer.alloc(0) : signEd25519(password, challenge.subarray(0, 32)),
  };
}

/** The password itself, as a server wants it that hands it on to another authority. Only for lines that are proven. */
export function clearLogins(password: string): Record<string, AuthPlugin> {
  return { mysql_clear_password: () => () => Buffer.from(`${password}\0`) };
}

/**
 * Logins for a line that is not proven to lead to the right server. Two of MySQL's methods give the password itself
 * away there, in clear or under a key that whoever answers has made up: these end the login instead.
 *
 * @param refuse told the fault before the login ends; mysql2 would put a code of its own in its place.
 */
export function guardedLogins(
  password: string,
  refuse: (fault: AppError) => void,
): Record<string, AuthPlugin> {
  const refused = (): never => {
    const fault = new AppError('TLS_FAILED', 'The server wants the password itself, over an unproven line.', {
      hint: 'Put the authority of the server into tls.ca and set tls.mode to "verify_full" (or "verify_ca").',
    });
    refuse(fault);
    throw fault;
  };
  return {
    caching_sha2_password: () => {
      let answered = false;
      return (data) => {
        if (!answered) {
          answered = true;
          return cachingSha2Answer(password, data.subarray(0, 20));
        }
        // Anything but "you are in" asks for the password under RSA, or in clear.
        return data.length === 1 && data[0] === FAST_LOGIN_DONE ? null : refused();
      };
    },
    sha256_password: () => () => refused(),
    mysql_clear_password: () => () => refused(),
  };
}

/** SHA256(password) XOR SHA256(SHA256(SHA256(password)) + scramble). */
function cachingSha2Answer(password: string, scramble: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0);
  const once = sha256(Buffer.from(password));
  const mask = sha256(Buffer.concat([sha256(once), scramble]));
  return Buffer.from(once.map((byte, at) => byte ^ (mask[at] ?? 0)));
}

const sha256 = (data: Buffer): Buffer => createHash('sha256').update(data).digest();
