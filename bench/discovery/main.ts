import { parseArgs } from 'node:util';
import { machine } from '../report.js';
import { benchMariadb } from './mariadb.js';
import { benchOther } from './others.js';
import { benchPostgresql } from './postgresql.js';
import { OTHER_SOURCES } from './sources.js';

const { values: options } = parseArgs({
  options: {
    tables: { type: 'string', default: '100,1000,10000' },
    rounds: { type: 'string', default: '5' },
    /** Tables at which the readers are compared over a slow line; pg_dump takes minutes there. */
    'slow-tables': { type: 'string', default: '1000' },
    'mariadb-tables': { type: 'string', default: '10000' },
    /** Other servers, and how much of what they have. A million objects in S3 take hours to make there. */
    others: {
      type: 'string',
      default: 'mysql=10000,mongodb=10000,elasticsearch=1000,kafka=10000,s3=20000',
    },
  },
});
const rounds = Number(options.rounds);
const sizes = options.tables.split(',').filter(Boolean).map(Number);
const slowSizes = options['slow-tables'].split(',').filter(Boolean).map(Number);
process.stdout.write(`Schema discovery, ${machine()}\n`);
if (sizes.length + slowSizes.length > 0) await benchPostgresql(sizes, slowSizes, rounds);
for (const tables of options['mariadb-tables'].split(',').filter(Boolean).map(Number))
  await benchMariadb(tables, rounds);
for (const [name = '', count = ''] of options.others.split(',').map((part) => part.split('='))) {
  if (name === '') continue;
  const source = OTHER_SOURCES[name];
  if (!source) throw new Error(`--others knows ${Object.keys(OTHER_SOURCES).join(', ')}.`);
  await benchOther(source(Number(count)), rounds);
}
