/** A whole number of seconds as open-iscsi writes it, which may be negative; null for anything else. */
export function seconds(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : null;
}

/** A value for a sentence. */
export function plain(text: string | undefined): string {
  return text ?? 'not set';
}
