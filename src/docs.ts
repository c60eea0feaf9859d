import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectorPages } from './docs/connector-pages.js';
import { ROOT, settle } from './docs/generated-file.js';
import { problemsMarkdown } from './docs/problem-pages.js';

// `npm run docs`: the pages that come from the code. With --check nothing is written.
const pages = connectorPages((type) => existsSync(join(ROOT, `test/contract/${type}.test.ts`)));
settle(
  {
    'docs/problems.md': problemsMarkdown(),
    ...Object.fromEntries(pages.map(({ file, text }) => [`docs/connectors/${file}`, text])),
  },
  'npm run docs',
);
