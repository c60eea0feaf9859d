// Adds to package-lock.json the optional platform packages that the registry mirror could not resolve, so that npm >= 11 `npm ci` accepts the lock.
import { readFileSync, writeFileSync } from 'node:fs';
const f = 'package-lock.json',
  l = JSON.parse(readFileSync(f));
let n = 0;
const OS = [
    'darwin',
    'win32',
    'windows',
    'android',
    'freebsd',
    'openbsd',
    'netbsd',
    'sunos',
    'aix',
    'openharmony',
    'linux',
  ],
  CPU = [
    'arm64',
    'x64',
    'ia32',
    'arm',
    'ppc64',
    'ppc64le',
    's390x',
    'riscv64',
    'loong64',
    'mips64el',
    'mips64',
    'wasm32',
  ];
for (const [k, v] of Object.entries(l.packages))
  for (const [name, range] of Object.entries(v.optionalDependencies ?? {})) {
    let dir = k,
      found = false;
    for (;;) {
      if (l.packages[(dir ? dir + '/' : '') + 'node_modules/' + name]) {
        found = true;
        break;
      }
      if (!dir) break;
      const i = dir.lastIndexOf('/node_modules/');
      dir = i < 0 ? '' : dir.slice(0, i);
    }
    if (found) continue;
    const parts = name.split(/[\/\-_.]/);
    const os = OS.find((o) => parts.includes(o));
    const cpu =
      CPU.find((c) => parts.includes(c)) ??
      (parts.includes('armv7') || parts.includes('gnueabihf') ? 'arm' : undefined);
    const key =
      (k.includes('/node_modules/') ? k.slice(0, k.lastIndexOf('/node_modules/')) + '/' : '') +
      'node_modules/' +
      name;
    const version = /^[\d]/.test(range) ? range : range.replace(/^[\^~>=\s]+/, '');
    l.packages[key] = {
      version,
      optional: true,
      ...(v.dev ? { dev: true } : {}),
      ...(os && os !== 'windows' ? { os: [os] } : os ? { os: ['win32'] } : {}),
      ...(cpu ? { cpu: [cpu] } : {}),
      ...(parts.includes('musl') ? { libc: ['musl'] } : {}),
    };
    n++;
    if (!os && !cpu) console.log('no platform in name:', name, range, 'from', k);
  }
l.packages = Object.fromEntries(Object.entries(l.packages).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
writeFileSync(f, JSON.stringify(l, null, 2) + '\n');
console.log('added', n);
