import { lookup } from 'node:dns/promises';
import { describe, expect, it } from '@jest/globals';
import { EgressPolicy, unwrap } from './egress.policy.js';

const strict = new EgressPolicy([]);
const open = new EgressPolicy([
  '127.0.0.0/8',
  '::1/128',
  '10.0.0.0/8',
  'fc00::/7',
  'db.intern',
  '*.corp.example',
]);

describe('the egress policy', () => {
  it.each(['8.8.8.8', '93.184.216.34', '2606:2800:220:1::1'])('lets public %s pass', (address) => {
    expect(strict.judge(address)).toBe('allowed');
  });

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.1.2.3',
    '100.64.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '::1',
    'fc00::1',
    'fd12:3456::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '::ffff:10.0.0.1',
  ])('T43: takes %s for private', (address) => {
    expect(strict.judge(address)).toBe('private');
  });

  it.each([
    '169.254.169.254',
    '169.254.170.2',
    '100.100.100.200',
    'fd00:ec2::254',
    '0.0.0.0',
    '::',
    'fe80::1',
    'ff02::1',
    '224.0.0.1',
    '255.255.255.255',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '::a9fe:a9fe',
  ])('T47: never lets %s pass, whatever is allowed', (address) => {
    expect(new EgressPolicy(['0.0.0.0/1', '128.0.0.0/1', '::/1']).judge(address)).toBe('always_denied');
  });

  it('T53: opens what is listed and nothing beside it', () => {
    expect(open.judge('127.0.0.1')).toBe('allowed');
    expect(open.judge('::ffff:127.0.0.1')).toBe('allowed');
    expect(open.judge('10.9.9.9')).toBe('allowed');
    expect(open.judge('192.168.0.1')).toBe('private');
    expect(open.judge('192.168.0.1', 'db.intern')).toBe('allowed');
    expect(open.judge('192.168.0.1', 'a.corp.example')).toBe('allowed');
    expect(open.judge('192.168.0.1', 'corp.example')).toBe('private');
    expect(open.judge('192.168.0.1', 'evil-db.intern')).toBe('private');
    expect(open.judge('169.254.169.254', 'db.intern')).toBe('always_denied');
  });

  it.each(['169.254.0.0/16', '169.254.169.254', 'fd00:ec2::254', '0.0.0.0/0'])(
    'T47: refuses the entry %s',
    (entry) => {
      expect(new EgressPolicy([entry]).faults).toHaveLength(1);
    },
  );

  it.each(['10.0.0.0/99', 'fc00::/200', 'http://x', 'a b', '10.0.0.0/x', ''])(
    'refuses the entry "%s"',
    (entry) => {
      expect(new EgressPolicy([entry]).faults).toHaveLength(1);
    },
  );

  it.each([
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0x7f.1',
    '127.1',
    'LOCALHOST',
    '2852039166',
    '0xa9fea9fe',
  ])('T42: decides on what %s resolves to', async (spelling) => {
    const found = await lookup(spelling, { all: true }).catch(() => []);
    for (const { address } of found) expect(strict.judge(address)).not.toBe('allowed');
  });
});

describe('unwrap', () => {
  it.each([
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['::1.2.3.4', '1.2.3.4'],
    ['64:ff9b::102:304', '1.2.3.4'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['2001:DB8::0:1', '2001:db8::1'],
  ])('%s is %s', (address, plain) => {
    expect(unwrap(address)).toBe(plain);
  });
});
