import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LAYERS, type Layer } from './layer-table.js';

/**
 * Writes the linter's rules of layers from the table; `--check` says instead whether the file and the table agree. A folder of `src/` that
 * the table does not know is an error as well, or its files would be free of rules.
 */

const RULES_FILE = new URL('../.oxlintrc.layers.json', import.meta.url);
const SOURCE_DIR = new URL('../src/', import.meta.url);

interface Pattern {
  readonly group: readonly string[];
  readonly message: string;
}

/** The linter takes a negated match as allowed and looks no further, so the packages' pattern (which spares `./`) comes last. */
function patternsOf(name: string, layer: Layer): Pattern[] {
  const below = layer.folders.length === 0 ? 'nothing' : layer.folders.join(', ');
  const outside = Object.keys(LAYERS).filter((other) => other !== name && !layer.folders.includes(other));
  const folders = outside.map((other) => ({
    group: [
      `**/${other}/**`,
      ...layer.folders.filter((file) => file.startsWith(`${other}/`)).map((file) => `!**/${file}`),
    ],
    message: `src/${name} may import ${below} (tools/layer-table.ts)`,
  }));
  const allowed = [...(layer.packages ?? []), ...(layer.builtins ?? []).map((builtin) => `node:${builtin}`)];
  const packages = {
    group: ['*', '*/**', '!./**', '!../**', ...allowed.map((module) => `!${module}`)],
    message: `src/${name} may import ${allowed.length === 0 ? 'no package' : allowed.join(', ')} (tools/layer-table.ts)`,
  };
  return [...folders, packages];
}

function rulesFile(): string {
  const overrides = Object.entries(LAYERS).map(([name, layer]) => ({
    files: [`src/${name}/**`],
    rules: { 'no-restricted-imports': ['error', { patterns: patternsOf(name, layer) }] },
  }));
  return `${JSON.stringify({ overrides }, null, 2)}\n`;
}

function unknownFolders(): string[] {
  const folders = readdirSync(SOURCE_DIR, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map((entry) => entry.name).filter((name) => LAYERS[name] === undefined);
}

const unknown = unknownFolders();
if (unknown.length > 0) {
  console.error(`tools/layer-table.ts does not know: ${unknown.map((name) => `src/${name}`).join(', ')}`);
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  writeFileSync(RULES_FILE, rulesFile());
  console.log(`wrote ${fileURLToPath(RULES_FILE)}`);
} else if (!existsSync(RULES_FILE) || readFileSync(RULES_FILE, 'utf8') !== rulesFile()) {
  console.error('.oxlintrc.layers.json is not what tools/layer-table.ts says: run `npm run layers`');
  process.exitCode = 1;
}
