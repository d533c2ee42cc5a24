import type { LaneRequest } from '../transport/executor.js';

/** Commands of one form that a user may run as root: a program, and a regular expression (POSIX ERE) for its words with blanks between. */
export interface AllowedCommand {
  /** its name, or its path where it is called by that */
  readonly program: string;
  readonly words: string;
}

/** What stands for a value in the sample commands of a connector, and the expression that takes its place. */
export type Slots = Readonly<Record<string, string>>;

/** Programs that `longshore sudoers` names by path. sudo compares files, so that links between these directories do not matter. */
const DIRECTORIES: Readonly<Record<string, readonly string[]>> = {
  iscsiadm: ['/usr/sbin', '/usr/bin'],
  multipath: ['/usr/sbin'],
  multipathd: ['/usr/sbin'],
  dmsetup: ['/usr/sbin'],
  blockdev: ['/usr/sbin'],
  cryptsetup: ['/usr/sbin'],
};

/**
 * The form of a sample command: its words as they are, its slots as expressions. `rest`: an expression for words behind it, such as those that
 * globs add.
 */
export function allowedForm([program = '', ...words]: readonly string[], slots: Slots, rest = ''): AllowedCommand {
  const text = words.map((word) => wordExpression(word, slots)).join(' ');
  return { program, words: `${text}${rest}` };
}

function wordExpression(word: string, slots: Slots): string {
  const names = Object.keys(slots).toSorted((one, other) => other.length - one.length);
  const slot = names.find((name) => word.includes(name));
  if (slot !== undefined) {
    const [before = '', ...after] = word.split(slot);
    return wordExpression(before, {}) + (slots[slot] ?? '') + wordExpression(after.join(slot), {});
  }
  // a line of sudoers holds no line end
  return word.replaceAll(/[.*+?^$()[\]{}|\\#]/g, String.raw`\$&`).replaceAll(/\s*\n\s*/g, '[[:space:]]+');
}

/** The commands that requests come to when each runs under `sudo` of its own; reads, lists and waits for files need none. */
export function commandsOf(requests: readonly LaneRequest[]): readonly (readonly string[])[] {
  return requests.flatMap((request) => {
    if (request.kind === 'run') return [request.argv];
    if (request.kind === 'wait') return request.outputLacks === undefined ? [] : [request.outputLacks.argv];
    if (request.kind !== 'write') return [];
    const [filePath = '', ...others] = [request.filePath].flat();
    const tee = request.append === true ? ['tee', '-a'] : ['tee'];
    return [filePath, ...others].map((one) => [...tee, one]);
  });
}

/** Each form once, and not those that `known` has. */
export function formsBeyond(
  known: readonly AllowedCommand[],
  forms: readonly AllowedCommand[],
): readonly AllowedCommand[] {
  const formOf = ({ program, words }: AllowedCommand): string => `${program} ${words}`;
  const others = new Set(known.map(formOf));
  const byForm = new Map(forms.map((one) => [formOf(one), one]));
  return [...byForm].flatMap(([form, one]) => (others.has(form) ? [] : [one]));
}

/** What makers of commands look at, for samples; they touch nothing else of it. */
export function sample<T extends object>(known: Partial<T>): T {
  return known as T;
}

export function isAllowed(commands: readonly AllowedCommand[], [program = '', ...words]: readonly string[]): boolean {
  const text = words.join(' ');
  return commands.some((one) => one.program === program && expressionOf(one).test(text));
}

function expressionOf({ words }: AllowedCommand): RegExp {
  return new RegExp(`^${words.replaceAll('[[:space:]]', String.raw`\s`)}$`);
}

/** The rules as a file for /etc/sudoers.d; regular expressions need sudo 1.9.10. */
export function sudoersText(user: string, aliases: Readonly<Record<string, readonly AllowedCommand[]>>): string {
  const names = Object.keys(aliases).map((name) => [name, `LONGSHORE_${name.toUpperCase()}`] as const);
  const lists = names.map(([name, alias]) => {
    const lines = (aliases[name] ?? []).flatMap(({ program, words }) =>
      pathsOf(program).map((filePath) => `    ${filePath} ^${words}$`),
    );
    return `Cmnd_Alias ${alias} = \\\n${lines.join(', \\\n')}\n`;
  });
  return [
    '# Made by `longshore sudoers`; for /etc/sudoers.d, needs sudo 1.9.10 or later. Check with: visudo -cf FILE\n',
    `Defaults:${user} !requiretty\n`,
    ...lists,
    `${user} ALL=(root) NOPASSWD: ${names.map(([, alias]) => alias).join(', ')}\n`,
  ].join('');
}

function pathsOf(program: string): readonly string[] {
  if (program.startsWith('/')) return [program];
  return (DIRECTORIES[program] ?? ['/usr/bin']).map((directory) => `${directory}/${program}`);
}
