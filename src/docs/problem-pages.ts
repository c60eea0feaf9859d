import { ERROR_CODES, type Blame, type ErrorCode } from '../common/app-error.js';
import { PROBLEM_GUIDE } from './problem-guide.js';

const WHO: Readonly<Record<Blame, string>> = {
  caller: 'whoever sent the request',
  config: 'whoever looks after the data source',
  transient: 'nobody at first: the same request may succeed later',
  remote: 'whoever runs the source',
  internal: 'whoever runs the product',
};

const INTRODUCTION = [
  'Every answer that is not a success is an RFC 9457 problem (`application/problem+json`). Program against `code`: titles and texts may change, codes do not.',
  'The same codes stand in `status_reason`, in the steps of a test, in checks and in discovery runs, where the HTTP status has no meaning.',
];

interface Section {
  readonly code: ErrorCode;
  readonly title: string;
  readonly facts: readonly (readonly [string, string])[];
}

function sections(): Section[] {
  return (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
    const { title, status, blame } = ERROR_CODES[code];
    const { means, act } = PROBLEM_GUIDE[code];
    return {
      code,
      title,
      facts: [
        ['HTTP status', String(status)],
        ['What it means', means],
        ['Who must act', `${WHO[blame]}.`],
        ['What to do', act],
      ],
    };
  });
}

/** docs/problems.md. */
export function problemsMarkdown(): string {
  const parts = sections().map(
    ({ code, title, facts }) =>
      `## ${code}\n\n${title}.\n\n${facts.map(([name, text]) => `- **${name}:** ${text}`).join('\n')}\n`,
  );
  return `# Problems\n\n${INTRODUCTION.join('\n\n')}\n\n${parts.join('\n')}`;
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem;color:#1f2933}' +
  'h2{margin:2.5rem 0 .25rem;font-size:1.1rem;scroll-margin-top:1rem}:target{background:#fff3c4}' +
  'code{background:#f0f4f8;padding:0 .2em;border-radius:3px}dt{font-weight:600}dd{margin:0 0 .5rem}';

/** The same as a page of its own; the anchors are what `type` of a problem points to. */
export function problemsHtml(): string {
  const parts = sections().map(
    ({ code, title, facts }) =>
      `<h2 id="${code.toLowerCase()}">${code}</h2><p>${html(title)}.</p><dl>${facts
        .map(([name, text]) => `<dt>${name}</dt><dd>${html(text)}</dd>`)
        .join('')}</dl>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><link rel="icon" href="data:,"><title>Problems</title><style>${STYLE}</style></head><body><h1>Problems</h1>${INTRODUCTION.map(
    (text) => `<p>${html(text)}</p>`,
  ).join('')}${parts.join('')}</body></html>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function html(text: string): string {
  return text.replace(/[&<>"]/g, (sign) => ENTITIES[sign] ?? sign).replace(/`([^`]+)`/g, '<code>$1</code>');
}
