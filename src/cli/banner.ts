/** What a newcomer needs after a start: where the API and its documentation are, a token, and one call to paste. */
export function banner(address: string, demo?: { readonly token: string; readonly hours: number }): string {
  const lines = [
    '',
    `  Documentation  ${address}/docs#/data-sources`,
    `  API            ${address}/api/v1/data-sources`,
  ];
  if (demo)
    lines.push(
      `  Demo token     works for ${String(demo.hours)} hours, organization "Demo", role admin:`,
      '',
      demo.token,
      '',
      '  Try it:',
      '',
      `curl -H "Authorization: Bearer ${demo.token}" ${address}/api/v1/data-sources`,
      '',
      '  Next: npm run demo · npm run -s token -- --role viewer · npm run doctor · stop with Ctrl+C',
    );
  return `${lines.join('\n')}\n\n`;
}
