import { printable } from '../transport/printable.js';

/** Untrusted text for one line of a terminal: nothing in it can end the line, move the cursor or colour anything. */
export function oneLine(text: string): string {
  return printable(text, { singleLine: true });
}
