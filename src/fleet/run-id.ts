import { randomBytes } from 'node:crypto';

/** Name of a run: UTC time, so that runs sort, and 32 random bits, so that two controllers do not meet. */
export function newRunId(now: Date = new Date()): string {
  const [day = '', time = ''] = now.toISOString().split('T');
  return `${day.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${randomBytes(4).toString('hex')}`;
}
