import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

/**
 * Seeds one violation per file into a copy of the project's set-up, runs the linter once, and looks for each: so a rule that was
 * switched off by a change of a config file or of the linter does not pass in silence.
 */
const VIOLATIONS: readonly { readonly rule: string; readonly file: string; readonly text: string }[] = [
  // layers
  ...layer('linux', '../connectors/a.js', '../cli/a.js', '../transport/other.js', 'node:fs', 'fs', 'ssh2', 'zod'),
  ...layer('connectors', '../fleet/a.js', '../transport/lane.js', '../inventory/a.js', 'node:child_process', 'ssh2'),
  ...layer('connectors/iscsi', '../../fleet/a.js', '../../transport/lane.js', 'node:net'),
  ...layer('transport', '../linux/a.js', '../inventory/a.js', 'yargs', 'yaml'),
  ...layer('inventory', '../fleet/a.js', '../report/a.js', 'ssh2', 'node:child_process'),
  ...layer('fleet', '../report/a.js', '../cli/a.js', '../simulator/a.js', 'yargs', 'node:net'),
  ...layer('report', '../cli/a.js', '../transport/lane.js', 'yargs', 'node:fs'),
  ...layer('simulator', '../connectors/a.js', '../cli/a.js', 'yargs', 'node:child_process'),
  ...layer('cli', 'ssh2', 'node:net', 'node:child_process'),
  ...layer('errors', '../time/a.js', 'node:fs'),
  ...layer('time', '../transport/a.js'),
  ...layer('secrets', '../transport/a.js'),
  { rule: 'no-restricted-imports', file: 'src/index.ts', text: "export * from './cli/a.js';" },
  {
    rule: 'no-restricted-imports',
    file: 'src/linux/lazy.ts',
    text: "export const lazy = () => import('../cli/a.js');",
  },
  // what only src/cli may do
  { rule: 'no-console', file: 'src/fleet/prints.ts', text: "console.log('x');" },
  { rule: 'no-process-exit', file: 'src/fleet/exits.ts', text: 'process.exit(1);' },
  { rule: 'no-restricted-properties', file: 'src/fleet/environment.ts', text: 'export const home = process.env.HOME;' },
  { rule: 'no-restricted-properties', file: 'src/fleet/arguments.ts', text: 'export const all = process.argv;' },
  { rule: 'no-restricted-properties', file: 'src/fleet/writes.ts', text: "process.stdout.write('x');" },
  // code
  { rule: 'no-default-export', file: 'src/fleet/default-export.ts', text: 'export default 1;' },
  { rule: 'no-explicit-any', file: 'src/fleet/any.ts', text: 'export let a: any;' },
  {
    rule: 'no-non-null-assertion',
    file: 'src/fleet/bang.ts',
    text: 'export const f = (a: string | null) => a!.length;',
  },
  {
    rule: 'consistent-type-imports',
    file: 'src/fleet/type-import.ts',
    text: "import { A } from './kinds.js';\nexport const f = (a: A) => a;",
  },
  {
    rule: 'no-cycle',
    file: 'src/fleet/cycle-a.ts',
    text: "import { b } from './cycle-b.js';\nexport const a = () => b();",
  },
  {
    rule: 'no-cycle',
    file: 'src/fleet/cycle-b.ts',
    text: "import { a } from './cycle-a.js';\nexport const b = (): unknown => a;",
  },
  {
    rule: 'no-floating-promises',
    file: 'src/fleet/floating.ts',
    text: 'const work = async () => Promise.resolve();\nexport const f = () => { work(); };',
  },
  {
    rule: 'no-misused-promises',
    file: 'src/fleet/misused.ts',
    text: 'export const f = (list: string[]) => { list.forEach(async () => Promise.resolve()); };',
  },
  {
    rule: 'switch-exhaustiveness-check',
    file: 'src/fleet/switch.ts',
    text: "export function f(a: 'x' | 'y') { switch (a) { case 'x': return 1; } return 2; }",
  },
  {
    rule: 'no-unsafe-return',
    file: 'src/fleet/unsafe.ts',
    text: 'export const f = (text: string) => JSON.parse(text);',
  },
  {
    rule: 'no-unsafe-member-access',
    file: 'src/fleet/unsafe-member.ts',
    text: 'export const f = (text: string) => String(JSON.parse(text).a);',
  },
  { rule: 'only-throw-error', file: 'src/fleet/throws.ts', text: "export function f() { throw 'x'; }" },
  { rule: 'eqeqeq', file: 'src/fleet/equal.ts', text: 'export const f = (a: number, b: number) => a == b;' },
];

/** What the rules must let through. */
const ALLOWED: readonly { readonly file: string; readonly text: string }[] = [
  { file: 'src/fleet/kinds.ts', text: 'export interface A { readonly a: string }' },
  {
    file: 'src/connectors/iscsi/allowed.ts',
    text: "export type * from '../../transport/executor.js';\nexport type * from '../../linux/a.js';\nexport type * from './b.js';",
  },
  {
    file: 'src/linux/allowed.ts',
    text: "import type { Executor } from '../transport/executor.js';\nexport type E = Executor;",
  },
  {
    file: 'src/transport/allowed.ts',
    text: "import net from 'node:net';\nimport ssh2 from 'ssh2';\nexport const f = [net, ssh2];",
  },
  {
    file: 'src/cli/allowed.ts',
    text: 'console.log(process.argv, process.env);\nexport const f = () => process.exit(1);',
  },
];

function layer(folder: string, ...specifiers: readonly string[]) {
  return specifiers.map((specifier, index) => ({
    rule: 'no-restricted-imports',
    file: `src/${folder}/seed-${index}.ts`,
    text: `export * from '${specifier}';`,
  }));
}

const root = fileURLToPath(new URL('../../../', import.meta.url));
let copy: string;
/** `RULE FILE` of all that the linter said */
let found: readonly string[];

beforeAll(async () => {
  copy = mkdtempSync(path.join(tmpdir(), 'longshore-lint-'));
  for (const name of ['.oxlintrc.json', '.oxlintrc.layers.json', 'tsconfig.json', 'package.json']) {
    cpSync(path.join(root, name), path.join(copy, name));
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  for (const { file, text } of [...VIOLATIONS, ...ALLOWED]) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    writeFileSync(path.join(copy, file), `${text}\n`);
  }
  const output = await lint();
  const { diagnostics } = JSON.parse(output) as { diagnostics: readonly { code: string; filename: string }[] };
  found = diagnostics.map(({ code, filename }) => `${/\(([^)]+)\)/.exec(code)?.[1] ?? code} ${filename}`);
}, 60_000);

afterAll(() => {
  rmSync(copy, { recursive: true, force: true });
});

function lint(): Promise<string> {
  const program = path.join(root, 'node_modules/.bin/oxlint');
  return new Promise((resolve, reject) => {
    execFile(program, ['--type-aware', '-f', 'json', 'src'], { cwd: copy, maxBuffer: 1 << 24 }, (error, stdout) => {
      // exit 1 is what it is run for
      if (stdout.startsWith('{')) resolve(stdout);
      else reject(error ?? new Error(stdout));
    });
  });
}

test.each(VIOLATIONS)('$rule finds the fault in $file: $text', ({ rule, file }) => {
  expect(found).toContain(`${rule} ${file}`);
});

test.each(ALLOWED)('nothing is said of $file', ({ file }) => {
  expect(found.filter((entry) => entry.endsWith(` ${file}`))).toEqual([]);
});
