interface NativeShape {
  readonly code?: unknown;
  readonly errno?: unknown;
}

/** The code of a library's error, if it is a short plain word: the only part of a raw error that is ever kept. */
export function nativeCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errno } = error as NativeShape;
  const raw = typeof code === 'string' ? code : typeof errno === 'number' ? String(errno) : undefined;
  return raw !== undefined && /^[A-Za-z0-9_.-]{1,64}$/.test(raw) ? raw : undefined;
}
