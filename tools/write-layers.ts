import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LAYERS, type Layer } from './layers.js';

/**
 * Writes the linter's rules of layers from the table; `--check` says instead whether the file and the table agree. A folder of `src/` that
 * the table does not know is an error as well, or its files would be free of rules.
 */

const RULES_FILE = new URL('../.oxlintrc.layers.json', import.meta.url);
const SOURCE_DIR = new URL('../src/', import.meta.url);

type Pattern = { readonly message: string } & ({ readonly group: readonly string[] } | { readonly regex: string });

/** A `!` in one pattern allows the import whatever the other patterns say: so it stands only before what is allowed. */
function patternsOf(name: string, layer: Layer): Pattern[] {
  const below = layer.folders.length === 0 ? 'nothing' : layer.folders.join(', ');
  const outside = Object.keys(LAYERS).filter((other) => other !== name && !layer.folders.includes(other));
  const folders = outside.map((other) => ({
    group: [
      `**/${other}/**`,
      ...layer.folders.filter((file) => file.startsWith(`${other}/`)).map((file) => `!**/${file}`),
    ],
    message: `src/${name} may import ${below} (tools/layers.ts)`,
  }));
  const allowed = [...(layer.packages ?? []), ...(layer.builtins ?? []).map((builtin) => `node:${builtin}`)];
  const packages = {
    regex: `^${noneOf(allowed, '.')}`,
    message: `src/${name} may import ${allowed.length === 0 ? 'no package' : allowed.join(', ')} (tools/layers.ts)`,
  };
  return [...folders, packages];
}

/**
 * A regular expression for every text but these words and what begins with `spared`. The linter's expressions know no lookahead, so it
 * goes letter by letter: the text ends early, goes on with another letter, or goes on like some of the words.
 */
function noneOf(words: readonly string[], spared = ''): string {
  const letters = [...new Set(words.filter((word) => word !== '').map((word) => word.charAt(0)))].toSorted();
  const other = `[^${spared}${letters.join('')}]`;
  const like = letters.map((letter) => {
    const rests = words.filter((word) => word.startsWith(letter)).map((word) => word.slice(1));
    return `${letter}${noneOf(rests)}`;
  });
  const isWord = words.includes('') || spared !== '';
  return `(?:${[...(isWord ? [] : ['$']), other === '[^]' ? '.' : other, ...like].join('|')})`;
}

function rulesFile(): string {
  const overrides = Object.entries(LAYERS).map(([name, layer]) => ({
    files: [name.endsWith('.ts') ? `src/${name}` : `src/${name}/**`],
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
  console.error(`tools/layers.ts does not know: ${unknown.map((name) => `src/${name}`).join(', ')}`);
  process.exitCode = 1;
} else if (!process.argv.includes('--check')) {
  writeFileSync(RULES_FILE, rulesFile());
  console.log(`wrote ${fileURLToPath(RULES_FILE)}`);
} else if (!existsSync(RULES_FILE) || readFileSync(RULES_FILE, 'utf8') !== rulesFile()) {
  console.error('.oxlintrc.layers.json is not what tools/layers.ts says: run `npm run layers`');
  process.exitCode = 1;
}
