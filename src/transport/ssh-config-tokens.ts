import path from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';

/** What stands behind ssh_config's tokens (TOKENS in ssh_config(5)). */
export interface TokenValues {
  /** the name as it was given: %n */
  readonly name: string;
  /** %h */
  readonly hostName: string;
  readonly port: number;
  /** %r */
  readonly user: string;
  /** %u and %i */
  readonly localUser: string;
  readonly localUserId: number;
  /** %d */
  readonly home: string;
  /** %l, and %L without its domain */
  readonly localHostName: string;
  /** %k; the name when there is none */
  readonly hostKeyAlias: string | undefined;
}

/** Replaces `%h` and its like. A token that is not known, `%C` among them, stays as it is. */
export function expandTokens(text: string, values: TokenValues): string {
  return replaceTokens(text, tokenTable(values));
}

/** HostName knows `%h` (the name itself) and `%%` only. */
export function expandHostName(text: string, name: string): string {
  return replaceTokens(text, { '%': '%', h: name });
}

/**
 * A command line for `/bin/sh`. Its text is the operator's, but what stands for host and user may come from somebody else's inventory: throws
 * `E_UNREACHABLE` when a shell would read it as more than a word.
 */
export function expandCommand(command: string, values: TokenValues): string {
  const table = tokenTable(values);
  for (const token of ['h', 'n', 'k', 'r'] as const) {
    if (!command.includes(`%${token}`) || isPlainWord(table[token])) continue;
    throw new LongshoreError(
      'E_UNREACHABLE',
      `ProxyCommand uses %${token}, and ${JSON.stringify(table[token])} is not safe there`,
      {
        remedy: 'use a host and user name without characters that a shell reads',
      },
    );
  }
  return replaceTokens(command, table);
}

/** `~`, and `${NAME}` of the environment; a relative path stays one. */
export function expandPath(text: string, home: string, env: Readonly<Record<string, string | undefined>>): string {
  const full = text.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole);
  return full === '~' || full.startsWith('~/') ? path.join(home, full.slice(1)) : full;
}

function tokenTable(
  values: TokenValues,
): Readonly<Record<'%' | 'h' | 'n' | 'p' | 'r' | 'u' | 'i' | 'd' | 'l' | 'L' | 'k', string>> {
  return {
    '%': '%',
    h: values.hostName,
    n: values.name,
    p: String(values.port),
    r: values.user,
    u: values.localUser,
    i: String(values.localUserId),
    d: values.home,
    l: values.localHostName,
    L: values.localHostName.replace(/\..*$/, ''),
    k: values.hostKeyAlias ?? values.name,
  };
}

function replaceTokens(text: string, table: Readonly<Record<string, string>>): string {
  return text.replaceAll(/%(.)/g, (whole, token: string) =>
    Object.hasOwn(table, token) ? (table[token] ?? whole) : whole,
  );
}

/** What OpenSSH lets through in names of hosts and users (ssh.c: valid_hostname, valid_ruser). */
function isPlainWord(text: string): boolean {
  return text !== '' && !text.startsWith('-') && !/['"`$\\;&<>|(){}\s\p{Cc}]/u.test(text);
}
