import { createHash } from 'node:crypto';
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LongshoreError } from '../errors/longshore-error.js';
import type { CommandFinding, HostFindings } from '../fleet/fleet-result.js';
import { worstOutcome } from '../fleet/outcome.js';
import type { FleetHost, HostTask } from '../fleet/run-host.js';
import { usageError } from './parse-options.js';

const KINDS = ['out', 'err', 'exit'] as const;

/** Room for what stands behind it, below the 255 bytes that file systems allow. */
const LONGEST_NAME = 200;

/**
 * Makes the directory (for this user alone) and takes files of an earlier run of the same hosts out of it: a host that is not reached this time must not
 * look as if it had answered. Throws `E_USAGE` when that does not work.
 */
export async function prepareOutDir(directoryPath: string, hosts: readonly FleetHost[]): Promise<void> {
  try {
    await mkdir(directoryPath, { recursive: true, mode: 0o700 });
    await access(directoryPath, constants.W_OK | constants.X_OK);
    const stale = hosts.flatMap(({ name }) => KINDS.map((kind) => outputFilePath(directoryPath, name, kind)));
    for (const filePath of stale) await rm(filePath, { force: true });
  } catch (error) {
    throw usageError(`--out-dir: ${directoryPath} cannot be used (${codeOf(error)})`);
  }
}

/** The task, whose output is also written to HOST.out, HOST.err and HOST.exit as soon as the host has ended. */
export function keepingOutput<H extends FleetHost>(task: HostTask<H>, directoryPath: string): HostTask<H> {
  return async (host, context) => {
    const findings = await task(host, context);
    if (findings.command === undefined) return findings;
    try {
      await writeOutput(directoryPath, host.name, findings.command);
      return findings;
    } catch (error) {
      return notKept(findings, host.name, directoryPath, error);
    }
  };
}

/** Nothing is followed or overwritten: a link that somebody put there meanwhile is an error. */
async function writeOutput(directoryPath: string, host: string, command: CommandFinding): Promise<void> {
  const { exit, stdout, stderr } = command;
  const contents = { out: stdout, err: stderr, exit: exit === null ? null : `${exit}\n` };
  for (const kind of KINDS) {
    const content = contents[kind];
    if (content === null) continue;
    await writeFile(outputFilePath(directoryPath, host, kind), content, { flag: 'wx', mode: 0o600 });
  }
}

function notKept(findings: HostFindings, host: string, directoryPath: string, cause: unknown): HostFindings {
  const error = new LongshoreError(
    'E_OUTPUT',
    `the command has run, but its output could not be written to ${directoryPath} (${codeOf(cause)})`,
    { host, cause, remedy: 'Make room there or choose another --out-dir; --json has the output, too.' },
  );
  return { ...findings, outcome: worstOutcome([findings.outcome, 'failed']), error: findings.error ?? error };
}

/** One file per host and kind, whatever the host is called: other characters than these become %XX, a long name ends in its hash. */
export function outputFilePath(directoryPath: string, host: string, kind: (typeof KINDS)[number]): string {
  let name = '';
  for (const byte of Buffer.from(host)) {
    const char = String.fromCharCode(byte);
    const isSafe = /[A-Za-z0-9_@:+=,-]/.test(char) || (char === '.' && name !== '');
    name += isSafe ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  if (name.length > LONGEST_NAME) {
    const hash = createHash('sha256').update(host).digest('hex').slice(0, 32);
    // %~ comes out of no other name
    name = `${name.slice(0, LONGEST_NAME - hash.length - 2)}%~${hash}`;
  }
  return join(directoryPath, `${name}.${kind}`);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
