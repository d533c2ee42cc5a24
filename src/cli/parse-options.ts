import { LongshoreError } from '../errors/longshore-error.js';
import { type Amount, parseAmount } from '../fleet/amount.js';
import { splitWords } from '../inventory/hosts/split-words.js';
import { TRANSPORTS } from '../transport/transport-choice.js';
import { LOG_LEVELS, type CliOptions } from './options.js';

type Arguments = Readonly<Record<string, unknown>>;

/** Checks what yargs does not: numbers in range, options given once, no empty values. Throws `E_USAGE`. */
export function parseOptions(args: Arguments, command: readonly string[]): CliOptions {
  const flag = (name: string) => single(args, name) === true;
  if (flag('ignore-errors') && !flag('force')) throw usageError('--ignore-errors goes with --force');
  if (args['reason'] !== undefined && !flag('force')) throw usageError('--reason goes with --force');
  if (args['record'] !== undefined && args['replay'] !== undefined) {
    throw usageError('--record and --replay exclude each other');
  }
  if (args['approve'] !== undefined && args['only'] !== undefined) {
    throw usageError('--approve and --only exclude each other: a hash names its objects');
  }
  if (flag('plan') && args['approve'] !== undefined) throw usageError('--plan changes nothing, and --approve does');
  return {
    ...text(args, 'inventory', 'inventory'),
    ...text(args, 'limit', 'limit'),
    ...text(args, 'user', 'user'),
    ...text(args, 'private-key', 'privateKey'),
    ...text(args, 'ssh-config', 'sshConfig'),
    ...text(args, 'known-hosts', 'knownHosts'),
    ...text(args, 'events', 'events'),
    ...text(args, 'record', 'record'),
    ...text(args, 'replay', 'replay'),
    ...text(args, 'out-dir', 'outDir'),
    ...text(args, 'state-dir', 'stateDir'),
    ...text(args, 'html', 'html'),
    ...text(args, 'junit', 'junit'),
    run: typeof args['run'] === 'string' ? args['run'] : '',
    fanout: wholeNumber(args, 'fanout', 64, 10_000),
    timeoutMs: seconds(args, 'timeout', 300),
    ...(args['connect-timeout'] === undefined ? {} : { connectTimeoutMs: seconds(args, 'connect-timeout', 10) }),
    acceptNewHostKeys: flag('accept-new-host-keys'),
    ...transportOf(args),
    become: flag('become'),
    askPass: flag('ask-pass'),
    askBecomePass: flag('ask-become-pass'),
    json: flag('json'),
    logLevel: LOG_LEVELS.find((level) => level === single(args, 'log-level')) ?? 'warn',
    volumes: texts(args, 'volume'),
    plan: flag('plan'),
    force: flag('force'),
    ...reasonOf(args, 'reason', 'reason'),
    ignoreErrors: flag('ignore-errors'),
    attached: flag('attached'),
    last: wholeNumber(args, 'last', 20, 1_000_000),
    undo: flag('undo'),
    largestExit: flag('largest-exit'),
    ...text(args, 'from', 'from'),
    ...text(args, 'to', 'to'),
    ...words(args, 'array-command', 'arrayCommand'),
    ...words(args, 'array-undo', 'arrayUndo'),
    confirm: flag('confirm'),
    ...text(args, 'evidence', 'evidence'),
    acceptAttestation: flag('accept-attestation'),
    ...reasonOf(args, 'unrecorded', 'unrecorded'),
    multipath: !flag('single-path'),
    enforceMultipath: flag('enforce-multipath'),
    localAttach: flag('local-attach'),
    outageShare: wholeNumber(args, 'outage-share', 30, 100),
    ...text(args, 'approve', 'approve'),
    only: texts(args, 'only'),
    graceMs: seconds(args, 'grace', 600),
    maxPerHost: wholeNumber(args, 'max-per-host', 10, 100_000),
    maxPerRun: wholeNumber(args, 'max-per-run', 50, 100_000),
    hosts: wholeNumber(args, 'hosts', 20, 1_000),
    ...text(args, 'serve', 'serve'),
    slow: wholeNumber(args, 'slow', 1, 10_000),
    ...rolloutOf(args),
    ...text(args, 'retry', 'retry'),
    playbook: typeof args['playbook'] === 'string' ? args['playbook'] : '',
    extraVars: texts(args, 'extra-vars'),
    yes: flag('yes'),
    command,
  };
}

function rolloutOf(args: Arguments): Pick<CliOptions, 'serial' | 'maxFailures'> {
  const { serial } = text(args, 'serial', 'serial');
  const sizes = (serial ?? '').split(',').map((part) => parseAmount(part));
  const given = sizes.filter((size): size is Amount => size !== null && size.value > 0);
  if (serial !== undefined && given.length < sizes.length) {
    throw usageError('--serial takes numbers of hosts and shares, such as 5, 10% or 1,5%,25%,100%');
  }
  const { failures } = text(args, 'max-failures', 'failures');
  const maxFailures = parseAmount(failures ?? '');
  if (failures !== undefined && maxFailures === null) {
    throw usageError('--max-failures takes a number of hosts or a share, such as 3 or 5%');
  }
  return { serial: given, ...(maxFailures === null ? {} : { maxFailures }) };
}

function transportOf(args: Arguments): Pick<CliOptions, 'transport'> {
  const given = single(args, 'transport');
  const transport = TRANSPORTS.find((one) => one === given);
  return transport === undefined ? {} : { transport };
}

export function usageError(message: string, remedy?: string): LongshoreError {
  return new LongshoreError('E_USAGE', message, remedy === undefined ? {} : { remedy });
}

function single(args: Arguments, name: string): unknown {
  const value = args[name];
  if (Array.isArray(value)) throw usageError(`--${name} was given ${value.length} times; give it once`);
  return value;
}

function text<K extends string>(args: Arguments, name: string, key: K): { readonly [P in K]?: string } {
  const value = single(args, name);
  if (value === undefined) return {};
  if (typeof value !== 'string' || value === '') throw usageError(`--${name} needs a value`);
  return { [key]: value } as { readonly [P in K]: string };
}

/** Why somebody sets a safeguard aside: one line of text that says something. */
function reasonOf<K extends string>(args: Arguments, name: string, key: K): { readonly [P in K]?: string } {
  const given = text(args, name, key);
  const reason: string | undefined = given[key];
  if (reason === undefined) return {};
  if (reason.trim() === '' || reason.length > 1000 || /\p{Cc}/u.test(reason)) {
    throw usageError(`--${name} needs a reason: one line of text, at most 1000 characters`);
  }
  return given;
}

/** A command as one line, split at blanks and quotes as a shell does, and never run by one. */
function words<K extends string>(args: Arguments, name: string, key: K): { readonly [P in K]?: readonly string[] } {
  const line = text(args, name, 'line').line;
  if (line === undefined) return {};
  const split: readonly string[] | null = splitWords(line);
  if (split === null || split.length === 0) throw usageError(`--${name} must be a command; close every quote`);
  return { [key]: split } as { readonly [P in K]: readonly string[] };
}

function texts(args: Arguments, name: string): string[] {
  const value = args[name];
  if (value === undefined) return [];
  const values: unknown[] = Array.isArray(value) ? value : [value];
  const given = values.filter((one): one is string => typeof one === 'string' && one !== '');
  if (given.length !== values.length || given.length === 0) throw usageError(`--${name} needs a value`);
  return given;
}

function wholeNumber(args: Arguments, name: string, absent: number, most: number): number {
  const value = single(args, name) ?? absent;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > most) {
    throw usageError(`--${name} must be a whole number from 1 to ${most}`);
  }
  return value;
}

/** In milliseconds. A day is more than any host may take, and less than a timer can hold. */
function seconds(args: Arguments, name: string, absent: number): number {
  const value = single(args, name) ?? absent;
  if (typeof value !== 'number' || !(value > 0) || value > 86_400) {
    throw usageError(`--${name} must be a number of seconds, more than 0 and at most 86400`);
  }
  return Math.ceil(value * 1000);
}
