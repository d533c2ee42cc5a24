/**
 * Words of a shell line that is one plain command: quotes and backslashes are taken off. null when it has any syntax
 * beyond that (pipes, variables, globs, several commands): such lines are not simulated.
 */
export function splitWords(line: string): readonly string[] | null {
  const words: string[] = [];
  let rest = line.trim();
  while (rest !== '') {
    let word = '';
    for (;;) {
      const part = /^(?:'([^']*)'|"([^"\\$`]*)"|\\(.)|([^\s'"\\|&;<>()$`*?[\]#~!{}]+))/su.exec(rest);
      if (part === null) break;
      word += part[1] ?? part[2] ?? part[3] ?? part[4] ?? '';
      rest = rest.slice(part[0].length);
    }
    if (rest !== '' && !/^\s/.test(rest)) return null;
    words.push(word);
    rest = rest.trimStart();
  }
  return words.length === 0 ? null : words;
}
