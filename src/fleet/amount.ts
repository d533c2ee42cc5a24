/** A number of hosts, or a share of them in percent. */
export type Amount =
  { readonly kind: 'count'; readonly value: number } | { readonly kind: 'percent'; readonly value: number };

/** `3`, `"3"` or `"5%"`; null for anything else. Whole numbers from 0 on, percent from 0 to 100 with up to two decimals. */
export function parseAmount(value: unknown): Amount | null {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') return null;
  const percent = /^(\d{1,3}(?:\.\d{1,2})?)\s*%$/.exec(text.trim())?.[1];
  if (percent !== undefined) return Number(percent) <= 100 ? { kind: 'percent', value: Number(percent) } : null;
  return /^\d{1,6}$/.test(text.trim()) ? { kind: 'count', value: Number(text) } : null;
}

/** How many of `total` hosts that is, rounded down: 5% of 25 is 1. */
export function hostsIn(amount: Amount, total: number): number {
  return amount.kind === 'count' ? amount.value : Math.floor((total * amount.value) / 100);
}

export function amountText(amount: Amount): string {
  return amount.kind === 'count' ? String(amount.value) : `${amount.value}%`;
}
