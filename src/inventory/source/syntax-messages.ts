/**
 * YAML syntax errors in our own words: the parser's sometimes quote the text, which may be a secret, and seldom say what to do.
 */
export function syntaxMessage(code: string): string {
  const known = MESSAGES[code];
  return `YAML syntax: ${known ?? 'this cannot be read here; check quotes, brackets and indentation'}`;
}

const MESSAGES: Readonly<Record<string, string>> = {
  INI: 'this looks like an INI inventory; convert it with "ansible-inventory -i FILE --list --yaml --output inventory.yaml"',
  BAD_INDENT:
    'the indentation is wrong or a bracket is not closed; indent with spaces, the same for all keys of one level',
  TAB_AS_INDENT: 'tabs cannot indent; use spaces',
  MISSING_CHAR: 'a quote, bracket, comma or ":" is missing here or before; close what is open',
  BLOCK_AS_IMPLICIT_KEY: 'two ": " in one line; put a value that holds ": " in quotes, or check the indentation',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; check the indentation, or close a quote',
  BLOCK_IN_FLOW: 'an indented block inside brackets; use one style, brackets or indentation',
  BAD_SCALAR_START: 'a value cannot begin with @ or a backtick; put it in quotes',
  BAD_DQ_ESCAPE: 'an escape that "..." does not know; write \\\\ for a backslash, or use single quotes',
  UNEXPECTED_TOKEN:
    'something stands where it cannot; a list item beside a key, or text after a closed value; check the indentation',
  MULTIPLE_DOCS: 'a second document ("---"); keep one document in a file',
  BAD_ALIAS: 'an alias that cannot be read; put a value that begins with * in quotes',
  TAG_RESOLVE_FAILED: 'a value does not fit its !tag; put a value that begins with ! in quotes',
};
