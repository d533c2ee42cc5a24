import { existsSync } from 'node:fs';
import { deadlineIn, type Deadline } from '../../src/time/deadline.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import type { Executor, LaneRequest, ReplyTo } from '../../src/transport/executor.js';
import { connectLocal } from '../../src/transport/local.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import { connectSystemSsh } from '../../src/transport/system-ssh-connection.js';
import { sshExecutor } from '../simulator/ssh-executor.js';
import { type SshdFixture, startSshd } from './sshd-fixture.js';
import { realFiles, simulatedFiles, type SubjectFiles } from './subject-files.js';
import { systemOptions } from './system-ssh-options.js';

export interface Subject {
  readonly files: SubjectFiles;
  readonly connect: () => Promise<Executor>;
  readonly close: () => Promise<void>;
}

export interface SubjectKind {
  readonly name: string;
  /** runs any script, with real processes and signals; a simulated host has its tools and files only */
  readonly realShell: boolean;
  readonly makeSubject: () => Promise<Subject>;
}

/** Every way to a host, and every shell that this machine has, for suites that all of them must pass. */
export const SUBJECTS: readonly SubjectKind[] = [
  { name: 'ssh2', realShell: true, makeSubject: sshSubject },
  { name: 'the system ssh', realShell: true, makeSubject: systemSshSubject },
  { name: 'local', realShell: true, makeSubject: () => localSubject() },
  ...shells().map(([name, ...shell]) => ({
    name: `local ${name}`,
    realShell: true,
    makeSubject: () => localSubject(shell),
  })),
  { name: 'the simulator', realShell: false, makeSubject: simulatedSubject },
];

/** For suites of what only a real shell and a real kernel do. */
export const REAL_SHELLS: readonly SubjectKind[] = SUBJECTS.filter(({ realShell }) => realShell);

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
  const connect = (): Promise<Executor> => connectSsh(sshd.options(), soon());
  return withRealFiles({ connect, close: () => sshd.close() });
}

async function systemSshSubject(): Promise<Subject> {
  const sshd: SshdFixture = await startSshd();
  const options = await systemOptions(sshd);
  const connect = (): Promise<Executor> => connectSystemSsh(options, soon());
  return withRealFiles({ connect, close: () => sshd.close() });
}

function localSubject(shell?: readonly string[]): Promise<Subject> {
  return Promise.resolve(
    withRealFiles({
      connect: () => Promise.resolve(connectLocal('here', shell === undefined ? {} : { shell })),
      close: () => Promise.resolve(),
    }),
  );
}

async function simulatedSubject(): Promise<Subject> {
  const fleet = await startSimulatedFleet({ hosts: 1 });
  const [host] = fleet.hosts;
  if (host === undefined) throw new Error('the fleet has no host');
  return { files: simulatedFiles(host), connect: () => sshExecutor(fleet), close: () => fleet.close() };
}

function withRealFiles({ connect, close }: Omit<Subject, 'files'>): Subject {
  const files = realFiles();
  return {
    files,
    connect,
    async close() {
      await close();
      files.close();
    },
  };
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
