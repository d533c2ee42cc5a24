// `npm run lock:complete`: adds to package-lock.json the platform packages that npm left out because the registry it asked does not have
// them (a mirror for one platform). Without them `npm ci` refuses the file on every machine. Run it after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './set-up.mjs';

const file = path.join(ROOT, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];

function platformEntry(name, version, dev) {
  const words = name.split('/').at(-1)?.split('-') ?? [];
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) throw new Error(`${name}: not the name of a platform package`);
  const libc = words.includes('gnu') || words.includes('gnueabihf') ? 'glibc' : 'musl';
  const onLinux = os === 'linux' && !name.includes('tsgolint') ? { libc: [libc] } : {};
  return { version, cpu: [cpu], ...(dev ? { dev } : {}), ...onLinux, optional: true, os: [os] };
}

let added = 0;
for (const entry of Object.values({ ...lock.packages })) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (Object.keys(lock.packages).some((other) => other.endsWith(place))) continue;
    lock.packages[place] = platformEntry(name, version, entry.dev === true);
    added += 1;
  }
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} platform packages added`);
