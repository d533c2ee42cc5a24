import { LongshoreError } from '../errors/longshore-error.js';
import type { JumpHost } from './ssh-config.js';

export function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(?:yes|true)$/i.test(value);
}

export function wholeNumber(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A time as ssh writes it (`90`, `1m30s`), in ms; undefined for none, 0 and what is no time. */
export function timeMs(value: string | undefined): number | undefined {
  if (value === undefined || !/^(?:\d{1,9}[smhdw]?)+$/i.test(value)) return undefined;
  const parts = value.toLowerCase().matchAll(/(\d+)([smhdw]?)/g);
  const seconds = [...parts].reduce((sum, [, count, unit = '']) => sum + Number(count) * (UNITS[unit] ?? 1), 0);
  return seconds > 0 ? seconds * 1000 : undefined;
}

/** Files in one line of text, as `ssh -G` prints them: without quotes, so that a blank may belong to a name. */
export function fileNames(line: string): readonly string[] {
  return line
    .split(/\s+(?=[/~$%])/)
    .map((text) => text.trim())
    .filter((text) => text !== '' && text !== 'none');
}

/** `ProxyJump`: `[user@]host[:port]` or `ssh://...` by commas. Throws `E_UNREACHABLE` when it is neither. */
export function jumpHosts(value: string | undefined): readonly JumpHost[] {
  if (value === undefined || value.toLowerCase() === 'none') return [];
  return value.split(',').map((text) => {
    const match =
      /^(?:ssh:\/\/)?(?:(?<user>[^@]+)@)?(?:\[(?<bracketed>[^\]]+)\]|(?<plain>[^:[\]]+))(?::(?<port>\d{1,5}))?\/?$/.exec(
        text.trim(),
      )?.groups;
    const name = match?.['bracketed'] ?? match?.['plain'];
    const port = match?.['port'] === undefined ? undefined : Number(match['port']);
    if (name === undefined || name.startsWith('-') || (port !== undefined && (port < 1 || port > 65_535))) {
      throw new LongshoreError(
        'E_UNREACHABLE',
        `ProxyJump has ${JSON.stringify(text)}, which is no [user@]host[:port]`,
        {
          remedy: 'correct ProxyJump in ssh_config or in ansible_ssh_common_args',
        },
      );
    }
    const user = match?.['user'];
    return { name, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
  });
}
