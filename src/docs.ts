import { SOURCE_TYPES } from './connectors/connector-registry.js';
import { connectorPages } from './docs/connector-pages.js';
import { settle } from './docs/generated-file.js';
import { problemsMarkdown } from './docs/problem-pages.js';
import { proofs, PROVEN } from './docs/proofs.js';

// `npm run docs`: the pages that come from the code. With --check nothing is written.
const found = Object.entries(proofs(!process.argv.includes('--check')));
// A type that is gone, or not there yet, has no page.
const proven = Object.fromEntries(found.filter(([, { type }]) => SOURCE_TYPES.includes(type)));
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
