/**
 * Text from a host in a form that cannot drive a terminal: control characters (also C1, and what turns the direction of writing) are shown as
 * escapes. Line ends and tabs stay unless `singleLine`.
 */
export function printable(text: string, options: { readonly singleLine?: boolean } = {}): string {
  return text.replaceAll(/[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, (char) => {
    if (options.singleLine !== true && (char === '\n' || char === '\t')) return char;
    if (char === '\n') return '\\n';
    if (char === '\t') return '\\t';
    if (char === '\r') return '\\r';
    const code = char.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}
