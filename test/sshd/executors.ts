import { existsSync } from 'node:fs';
import { deadlineIn, type Deadline } from '../../src/time/deadline.js';
import type { Executor, LaneRequest, ReplyTo } from '../../src/transport/executor.js';
import { connectLocal } from '../../src/transport/local.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import { connectSystemSsh } from '../../src/transport/system-ssh-connection.js';
import { type SshdFixture, startSshd } from './sshd-fixture.js';
import { systemOptions } from './system-ssh-options.js';

export interface Subject {
  readonly connect: () => Promise<Executor>;
  readonly close: () => Promise<void>;
}

/** Every way to a shell, and every shell that this machine has, for suites that all of them must pass. */
export const SUBJECTS: readonly (readonly [string, () => Promise<Subject>])[] = [
  ['ssh2', sshSubject],
  ['the system ssh', systemSshSubject],
  ['local', () => localSubject()],
  ...shells().map(([name, ...shell]) => [`local ${name}`, () => localSubject(shell)] as const),
];

function shells(): readonly (readonly [string, ...string[]])[] {
  const known: readonly (readonly [string, ...string[]])[] = [
    ['bash', '/bin/bash', '--posix'],
    ['busybox ash', '/bin/busybox', 'ash'],
    ['busybox ash', '/usr/bin/busybox', 'ash'],
  ];
  const there = known.filter(([, program]) => program !== undefined && existsSync(program));
  return there.filter(([name], index) => there.findIndex(([other]) => other === name) === index);
}

async function sshSubject(): Promise<Subject> {
  const sshd: SshdFixture = await startSshd();
  return { connect: () => connectSsh(sshd.options(), soon()), close: () => sshd.close() };
}

async function systemSshSubject(): Promise<Subject> {
  const sshd: SshdFixture = await startSshd();
  const options = await systemOptions(sshd);
  return { connect: () => connectSystemSsh(options, soon()), close: () => sshd.close() };
}

function localSubject(shell?: readonly string[]): Promise<Subject> {
  return Promise.resolve({
    connect: () => Promise.resolve(connectLocal('here', shell === undefined ? {} : { shell })),
    close: () => Promise.resolve(),
  });
}

export function soon(ms = 30_000): Deadline {
  return deadlineIn(ms);
}

/** One request on its own; throws when it was skipped. */
export async function ask<const R extends LaneRequest>(
  executor: Executor,
  request: R,
): Promise<Exclude<ReplyTo<R>, { readonly kind: 'skipped' }>> {
  const [reply] = await executor.sequence(soon(), [request]);
  if (reply === undefined || reply.kind === 'skipped') throw new Error('skipped');
  return reply as Exclude<ReplyTo<R>, { readonly kind: 'skipped' }>;
}

export function run(...argv: string[]): { readonly kind: 'run'; readonly argv: readonly string[] } {
  return { kind: 'run', argv };
}
