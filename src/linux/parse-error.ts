import { LongshoreError } from '../errors/longshore-error.js';

/** An `E_PARSE` that shows what was written (cut, control characters escaped) and says what to write instead. */
export function parseError(what: string, text: string, remedy: string): LongshoreError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
  return new LongshoreError('E_PARSE', `${shown} is not a valid ${what}: ${remedy}`, { remedy });
}
