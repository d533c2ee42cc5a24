import { hasOption, type OptionSpec, parseOptions } from './options.js';
import { lines, type Tool } from './tool.js';

const OPTIONS: readonly OptionSpec[] = [
  { name: 'with-filename', letter: 'H' },
  { name: 'no-filename', letter: 'h' },
  { name: 'extended-regexp', letter: 'E' },
  { name: 'fixed-strings', letter: 'F' },
  { name: 'regexp', letter: 'e', takesValue: true },
  { name: 'directories', letter: 'd', takesValue: true },
  { name: 'files-with-matches', letter: 'l' },
  { name: 'no-messages', letter: 's' },
  { name: 'quiet', letter: 'q' },
  { name: 'ignore-case', letter: 'i' },
  { name: 'invert-match', letter: 'v' },
  { name: 'count', letter: 'c' },
  { name: 'line-regexp', letter: 'x' },
  { name: 'only-matching', letter: 'o' },
  { name: 'null', letter: 'Z' },
  { name: 'text', letter: 'a' },
];

/** GNU grep over the host's files, or over stdin: what searches of configuration and node records need of it. */
export const grep: Tool = ({ host, argv, input }) => {
  const options = parseOptions(argv.slice(1), OPTIONS);
  if (options.unknown !== null)
    return { exit: 2, stdout: '', stderr: `grep: invalid option -- '${options.unknown}'\n` };
  const patterns = options.values.get('regexp') ?? options.operands.slice(0, 1);
  const files = options.values.has('regexp') ? options.operands : options.operands.slice(1);
  const flags = hasOption(options, 'ignore-case') ? 'iu' : 'u';
  const whole = (source: string): string => (hasOption(options, 'line-regexp') ? `^(?:${source})$` : source);
  const matchers = patterns.map((pattern) => new RegExp(whole(regexSource(pattern, options.values)), flags));
  const inverted = hasOption(options, 'invert-match');
  const isHit = (line: string): boolean => matchers.some((matcher) => matcher.test(line)) !== inverted;
  const shown = (line: string): string =>
    hasOption(options, 'only-matching')
      ? (matchers.map((matcher) => matcher.exec(line)?.[0]).find(Boolean) ?? '')
      : line;
  const named = hasOption(options, 'with-filename') || (files.length > 1 && !hasOption(options, 'no-filename'));

  const out: string[] = [];
  const problems: string[] = [];
  let anyHit = false;
  const search = (name: string, content: string): void => {
    const hits = textLines(content).filter(isHit);
    anyHit ||= hits.length > 0;
    if (hasOption(options, 'quiet')) return;
    if (hasOption(options, 'files-with-matches')) out.push(...(hits.length > 0 ? [name] : []));
    else if (hasOption(options, 'count')) out.push(`${named ? `${name}:` : ''}${hits.length}`);
    else out.push(...hits.map(shown).map((hit) => `${named ? `${name}:` : ''}${hit}`));
  };
  if (files.length === 0) search('(standard input)', input);
  for (const filePath of files) {
    const read = host.files().read(filePath);
    if ('content' in read) search(filePath, read.content);
    else if (read.error !== 'Is a directory') problems.push(`grep: ${filePath}: ${read.error}`);
    else if (options.values.get('directories')?.at(-1) !== 'skip') problems.push(`grep: ${filePath}: Is a directory`);
  }
  const stderr = hasOption(options, 'no-messages') ? '' : lines(problems);
  return { exit: problems.length > 0 ? 2 : anyHit ? 0 : 1, stdout: lines(out), stderr };
};

function regexSource(pattern: string, values: ReadonlyMap<string, unknown>): string {
  if (values.has('fixed-strings')) return pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  // a basic expression has the roles of (){}|+? and their escaped forms the other way round
  const extended = values.has('extended-regexp')
    ? pattern
    : pattern.replace(/\\?[(){}|+?]/g, (part) => (part.length === 2 ? part.charAt(1) : `\\${part}`));
  return extended
    .replaceAll('[:space:]', '\\s')
    .replaceAll('[:digit:]', '0-9')
    .replace(/\\([^A-Za-z0-9^$.*+?()[\]{}|/\\-])/g, '$1');
}

function textLines(content: string): readonly string[] {
  const all = content.split('\n');
  return all.at(-1) === '' ? all.slice(0, -1) : all;
}
