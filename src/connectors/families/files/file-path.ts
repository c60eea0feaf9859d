import { AppError } from '../../../common/app-error.js';

/**
 * A path below a root as people write it: segments between single forward slashes, none of them `.` or `..`. Nothing
 * is ever decoded, yet percent forms of dots, slashes, NUL and percent itself are refused: something before or behind
 * us may decode them. A colon in the first segment is refused, as that is a URL or a drive.
 */
export const SAFE_FILE_PATH =
  '^(?!/|~|[^/]*:)(?!.*(?:^|/)\\.{0,2}(?:/|$))(?!.*%(?:2[eEfF5]|5[cC]|00))[^\\u0000-\\u001f\\u007f\\\\]{1,1024}$';

const SAFE = new RegExp(SAFE_FILE_PATH, 'u');
const LONE_SURROGATE = /\p{Surrogate}/u;
/** The longest name that common file systems take, in bytes. */
const SEGMENT_BYTES = 255;

/** Whether it is a plain relative path, see `SAFE_FILE_PATH`. */
export function isSafePath(path: string): boolean {
  return (
    SAFE.test(path) &&
    !LONE_SURROGATE.test(path) &&
    path.split('/').every((segment) => Buffer.byteLength(segment) <= SEGMENT_BYTES)
  );
}

/** Refuses what is not a plain relative path with CONFIG_INVALID, before anything is opened. */
export function assertSafePath(path: string): void {
  if (isSafePath(path)) return;
  const detail = "It must be a relative path below the organization's folder, without `..` or escapes.";
  throw new AppError('CONFIG_INVALID', 'The file path is not allowed.', {
    errors: [{ pointer: '/connection/file_path', code: 'unsafe_path', detail }],
    hint: detail,
  });
}
