import { connectorPages } from './docs/connector-pages.js';
import { settle } from './docs/generated-file.js';
import { problemsMarkdown } from './docs/problem-pages.js';
import { proofs, PROVEN } from './docs/proofs.js';

// `npm run docs`: the pages that come from the code. With --check nothing is written.
const proven = proofs(!process.argv.includes('--check'));
settle(
  {
    'docs/problems.md': problemsMarkdown(),
    [PROVEN]: `${JSON.stringify(proven, null, 2)}\n`,
    ...Object.fromEntries(
      connectorPages(Object.values(proven)).map(({ file, text }) => [`docs/connectors/${file}`, text]),
    ),
  },
  'npm run docs',
);
