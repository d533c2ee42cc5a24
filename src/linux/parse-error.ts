import { LongshoreError } from '../errors/longshore-error.js';
import type { Unknown } from './storage-state.js';

/** An `E_PARSE` that shows what was written (cut, control characters escaped) and says what to write instead. */
export function parseError(what: string, text: string, remedy: string): LongshoreError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
  return new LongshoreError('E_PARSE', `${shown} is not a valid ${what}: ${remedy}`, { remedy });
}

/** What a parser makes of untrusted text, or null with the reason noted. */
export function parsedOrNoted<T>(parse: () => T, subject: string, unknowns: Unknown[]): T | null {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof LongshoreError) || error.code !== 'E_PARSE') throw error;
    unknowns.push({ subject, reason: error.message });
    return null;
  }
}
