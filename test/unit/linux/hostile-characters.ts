/** What must never get to a command line, whatever is around it. */
export const HOSTILE: readonly string[] = [
  ...' \t\n\r\0\x1b\'"`$;&|<>(){}[]*?!~#%^=\\/,@+',
  '\u00e9',
  '\u202e',
  '\u{1f4be}',
];
