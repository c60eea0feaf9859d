import { createHash } from 'node:crypto';
import { AppError } from '../../../../../common/app-error.js';
import type { OpenContext } from '../../../../spi/index.js';
import { AnswerTooLong, httpFault, HttpLine, httpServer, type HttpAnswer } from '../../../http/http-line.js';
import { patientCall } from '../../../http/patient-call.js';
import { awsPath } from '../../../http/aws-signature.js';
import { CAPS } from '../../analysis.js';
import type { FileStore } from '../file-store.js';
import { openByRange, type AskedRange, type AskRange, type RangeAnswers } from '../remote-file.js';
import { webEndpoint, type WebConfig } from './http-spec.js';

/**
 * Files of a web server, read by ranges; one that gives none is read as a whole up to `CAPS.wholeBytes`. No redirect is
 * followed, and nothing can be listed. Nothing is dialled before the first use.
 */
export async function openWebStore(config: WebConfig, context: OpenContext): Promise<FileStore> {
  const server = httpServer({ ...webEndpoint(config), ...(config.tls ? { tls: config.tls } : {}) });
  const line = await HttpLine.over({ ...server, sockets: 8 }, context);
  const { method, headers } = loginOf(config);
  let accepted = false;
  const tellAuth = ({ status }: HttpAnswer): void => {
    if (accepted || status === 401) return;
    accepted = true;
    context.done?.('auth', { method });
  };
  const ask =
    (path: string): AskRange =>
    async (wanted, signal) => {
      const answer = await patientCall(line, () => ({
        path: awsPath(path.split('/')),
        headers: { ...headers, ...headersOf(wanted) },
        maxBytes: Math.max(wanted.maxBytes, CAPS.wholeBytes),
        asStored: true,
        signal,
      })).catch((error: unknown) => {
        throw error instanceof AnswerTooLong ? tooLong() : error;
      });
      tellAuth(answer);
      return answer;
    };
  return {
    async stat(path, signal) {
      const { size, version } = await openByRange(ask(path), ANSWERS, signal);
      return { size, version };
    },
    open: (path, signal) => openByRange(ask(path), ANSWERS, signal),
    list() {
      throw new AppError('UNSUPPORTED', 'A web server cannot list its files.');
    },

    async presign(path, _expiresInS, signal) {
      if (method !== 'none' || config.tls?.client_key !== undefined)
        throw new AppError('UNSUPPORTED', 'A URL of this web server would be of no use without its secret.');
      await openByRange(ask(path), ANSWERS, signal);
      return { kind: 'url', url: server.origin.origin + awsPath(path.split('/')) };
    },

    close: () => line.close(),
  };
}

/** @throws AppError CONFIG_INVALID where the secret of a login is missing. */
function loginOf(config: WebConfig): { method: string; headers: Record<string, string> } {
  const { username, password, bearer_token: token, header_name: header, header_value: value } = config;
  if (username !== undefined) {
    const pair = Buffer.from(`${username}:${password ?? ''}`).toString('base64');
    return { method: 'basic', headers: { authorization: `Basic ${pair}` } };
  }
  if (token !== undefined) return { method: 'bearer', headers: { authorization: `Bearer ${token}` } };
  if (header === undefined) return { method: 'none', headers: {} };
  if (value === undefined) throw new AppError('CONFIG_INVALID', 'The header has no value.');
  return { method: 'header', headers: { [header.toLowerCase()]: value } };
}

function headersOf({ range, version = '' }: AskedRange): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (range !== undefined) headers.range = range;
  // Only a strong tag may be asked for.
  if (version.startsWith('"')) headers['if-match'] = version;
  return headers;
}

const ANSWERS: RangeAnswers = {
  version(headers, head) {
    const { etag, 'last-modified': modified } = headers;
    if (etag !== undefined && etag !== '') return etag;
    if (modified !== undefined) return `modified ${modified}`;
    return head && `begins ${createHash('sha256').update(head).digest('base64url')}`;
  },
  fault: ({ status }) =>
    status === 404 || status === 410
      ? new AppError('FILE_NOT_FOUND', `The file does not exist. (HTTP ${String(status)})`)
      : httpFault(status),
};

function tooLong(): AppError {
  return new AppError(
    'UNSUPPORTED',
    `The web server gives no ranges of the file, and it is longer than ${String(CAPS.wholeBytes / 2 ** 20)} MB.`,
    { hint: 'Use a server that answers range requests, or put the file into another store.' },
  );
}
