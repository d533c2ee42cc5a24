/** What a command line says, in getopt_long's manner. */
export interface ParsedOptions {
  /** values by long name, in order; a flag's value is '' */
  readonly values: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
  /** the first word that no option matches, else null */
  readonly unknown: string | null;
}

/** An option: its long name, the letter for it if any, and whether a value follows. */
export interface OptionSpec {
  readonly name: string;
  readonly letter?: string;
  readonly takesValue?: boolean;
}

/** Reads `--name=value`, `--name value`, `-n value`, `-nvalue`, groups of letters, and `--` before operands. */
export function parseOptions(words: readonly string[], specs: readonly OptionSpec[]): ParsedOptions {
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  let unknown: string | null = null;
  const add = (name: string, value: string): void => {
    values.set(name, [...(values.get(name) ?? []), value]);
  };
  const queue = [...words];
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (word === '--') {
      operands.push(...queue);
      break;
    }
    if (word.startsWith('--')) {
      const [name = '', ...rest] = word.slice(2).split('=');
      const spec = specs.find((one) => one.name === name);
      if (spec === undefined) unknown ??= word;
      else if (spec.takesValue !== true) add(name, '');
      else add(name, rest.length > 0 ? rest.join('=') : (queue.shift() ?? ''));
    } else if (word.startsWith('-') && word !== '-') {
      let letters = word.slice(1);
      while (letters !== '') {
        const letter = letters.charAt(0);
        letters = letters.slice(1);
        const spec = specs.find((one) => one.letter === letter);
        if (spec === undefined) unknown ??= `-${letter}`;
        else if (spec.takesValue !== true) add(spec.name, '');
        else {
          add(spec.name, letters === '' ? (queue.shift() ?? '') : letters);
          letters = '';
        }
      }
    } else operands.push(word);
  }
  return { values, operands, unknown };
}

export function lastValue(options: ParsedOptions, name: string): string | undefined {
  return options.values.get(name)?.at(-1);
}

export function hasOption(options: ParsedOptions, name: string): boolean {
  return options.values.has(name);
}
