import { describe, expect, test } from '@jest/globals';
import { keyCommand } from './key-options.js';

const ORG = '0197f000-0000-7000-8000-00000000000a';

describe('the arguments of npm run keys', () => {
  test.each([
    [['rewrap'], { name: 'rewrap' }],
    [['status', '--org', ORG.toUpperCase()], { name: 'status', orgId: ORG }],
    [['--org', ORG, 'rotate'], { name: 'rotate', orgId: ORG }],
    [['destroy', '--org', ORG, '--version', '2'], { name: 'destroy', orgId: ORG, version: 2, force: false }],
    [
      ['destroy', '--org', ORG, '--version', '2', '--force'],
      { name: 'destroy', orgId: ORG, version: 2, force: true },
    ],
    [['import', '--org', ORG, '--file', 'a.ndjson'], { name: 'import', orgId: ORG, file: 'a.ndjson' }],
    [[], undefined],
    [['rotate', '--help'], undefined],
  ])('%j are understood', (args, command) => {
    expect(keyCommand(args)).toEqual(command);
  });

  test.each([
    [['turn'], 'status, rewrap, rotate, destroy and import'],
    [['status'], '--org'],
    [['rotate', '--org', 'demo'], '--org'],
    [['rotate', 'rewrap', '--org', ORG], 'one command'],
    [['destroy', '--org', ORG], '--version'],
    [['destroy', '--org', ORG, '--version', '0'], '--version'],
    [['import', '--org', ORG], '--file'],
    [['status', '--unknown'], '--unknown'],
  ])('%j are refused with what is missing', (args, text) => {
    expect(() => keyCommand(args)).toThrow(text);
  });
});
