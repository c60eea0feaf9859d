/** Origin and path of a URL that clients can be sent to; undefined where it is none or has more than these. */
export function publicBase(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const { protocol, username, password, search, hash, pathname } = url;
  if (!['http:', 'https:'].includes(protocol) || username + password + search + hash !== '') return undefined;
  return text.includes('?') || text.includes('#')
    ? undefined
    : `${url.origin}${pathname.replace(/\/+$/, '')}`;
}
