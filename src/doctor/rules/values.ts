/** How long a session that is lost keeps its I/O, by open-iscsi's name. */
export const REPLACEMENT = 'node.session.timeo.replacement_timeout';

/** seconds; 5 is usual with multipath, 10 and 20 are recommended by some arrays */
export const LONG_REPLACEMENT = 30;

/** A whole number of seconds as open-iscsi writes it, which may be negative; null for anything else. */
export function seconds(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : null;
}

/** A value for a sentence. */
export function plain(text: string | undefined): string {
  return text ?? 'not set';
}
