/** What one folder of `src/`, or one file in it, may import beside itself. Anything that is not named is an error of the linter. */
export interface Layer {
  /** folders of `src/`, or single files of them */
  readonly folders: readonly string[];
  /** packages of package.json */
  readonly packages?: readonly string[];
  /** Node's own modules, without `node:` */
  readonly builtins?: readonly string[];
}

/**
 * The one table of layers, from the top down. `npm run layers` turns it into `.oxlintrc.layers.json`; `npm run check` fails when that is
 * stale. Sockets, child processes and ssh2 appear in transport and simulator alone.
 */
export const LAYERS: Readonly<Record<string, Layer>> = {
  // the library: all but the command line
  'index.ts': {
    folders: [
      'runbook',
      'moves',
      'sweep',
      'fleet',
      'report',
      'inventory',
      'journal',
      'connectors',
      'linux',
      'transport',
      'time',
      'secrets',
      'errors',
    ],
  },
  cli: {
    folders: [
      'runbook',
      'moves',
      'doctor',
      'sweep',
      'fleet',
      'report',
      'inventory',
      'journal',
      'connectors',
      'linux',
      'transport',
      'simulator',
      'time',
      'secrets',
      'errors',
    ],
    packages: ['yargs', 'pino', 'cli-progress', 'zod'],
    builtins: [
      'crypto',
      'fs',
      'fs/promises',
      'os',
      'path',
      'process',
      'readline',
      'stream',
      'timers/promises',
      'url',
      'util',
    ],
  },
  report: {
    folders: [
      'moves',
      'doctor',
      'runbook',
      'sweep',
      'fleet',
      'inventory',
      'journal',
      'connectors',
      'transport/printable.js',
      'errors',
    ],
    packages: ['cli-table3', 'xmlbuilder', 'zod'],
    builtins: ['util'],
  },
  runbook: {
    folders: [
      'moves',
      'sweep',
      'fleet',
      'inventory',
      'journal',
      'connectors',
      'transport/executor.js',
      'transport/read-only-executor.js',
      'time',
      'secrets',
      'errors',
    ],
    packages: ['yaml', 'zod'],
    builtins: ['crypto', 'fs', 'fs/promises', 'path'],
  },
  // one volume over two hosts: who has it, who may have it next
  moves: {
    folders: [
      'sweep',
      'fleet',
      'inventory',
      'connectors',
      'transport/executor.js',
      'transport/read-only-executor.js',
      'time',
      'errors',
    ],
    packages: ['zod'],
    builtins: ['fs/promises', 'path'],
  },
  // looks at hosts, judges them, changes nothing: no connector
  doctor: {
    folders: ['fleet', 'linux', 'transport/executor.js', 'transport/read-only-executor.js', 'time'],
  },
  // finds what nobody owns any more, and takes away what was approved
  sweep: {
    folders: [
      'fleet',
      'journal',
      'connectors',
      'linux',
      'transport/executor.js',
      'transport/read-only-executor.js',
      'time',
      'errors',
    ],
    packages: ['zod'],
    builtins: ['crypto', 'fs/promises', 'path'],
  },
  fleet: {
    folders: ['inventory', 'journal', 'connectors', 'transport', 'time', 'secrets', 'errors'],
    packages: ['p-limit'],
    builtins: ['crypto', 'os', 'timers/promises'],
  },
  journal: {
    folders: ['connectors', 'time', 'secrets', 'errors'],
    packages: ['zod'],
    builtins: ['crypto', 'fs', 'fs/promises', 'path'],
  },
  inventory: {
    folders: ['connectors', 'linux', 'transport', 'time', 'secrets', 'errors'],
    packages: ['yaml', 'zod'],
    builtins: ['crypto', 'fs', 'fs/promises', 'os', 'path', 'util'],
  },
  simulator: {
    folders: ['linux', 'transport', 'time', 'secrets', 'errors'],
    packages: ['ssh2', 'yaml'],
    builtins: [
      'crypto',
      'events',
      'fs/promises',
      'net',
      'os',
      'path',
      'stream',
      'string_decoder',
      'timers/promises',
      'util',
    ],
  },
  connectors: {
    folders: ['linux', 'transport/executor.js', 'time', 'secrets', 'errors'],
    packages: ['zod'],
  },
  linux: {
    folders: ['transport/executor.js', 'time', 'errors'],
  },
  transport: {
    folders: ['time', 'secrets', 'errors'],
    packages: ['p-limit', 'ssh2', 'zod'],
    builtins: [
      'child_process',
      'crypto',
      'events',
      'fs',
      'fs/promises',
      'net',
      'os',
      'path',
      'stream',
      'string_decoder',
      'timers',
      'timers/promises',
      'util',
    ],
  },
  time: { folders: ['errors'], builtins: ['timers/promises'] },
  secrets: { folders: ['errors'], builtins: ['util'] },
  errors: { folders: [] },
};
