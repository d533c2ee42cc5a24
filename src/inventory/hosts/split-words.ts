/** A line of ssh options as a shell would split it (quotes and backslashes, nothing else); null when a quote is left open. */
export function splitWords(line: string): string[] | null {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+)/y;
  while (word.lastIndex < line.length) {
    const from = word.lastIndex;
    const match = word.exec(line);
    if (match?.[1] === undefined) return line.slice(from).trim() === '' ? words : null;
    words.push(match[1].replace(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, unquote));
  }
  return words;
}

function unquote(_: string, single?: string, double?: string, escaped?: string): string {
  return single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '';
}
