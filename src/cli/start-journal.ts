import path from 'node:path';
import type { VolumeSpec } from '../connectors/connector.js';
import { amountText } from '../fleet/amount.js';
import type { InventoryHost } from '../inventory/inventory.js';
import { type Controller, RunJournal, type RunHeader } from '../journal/run-journal.js';
import { secretsIn, SecretScrubber } from '../secrets/secret-scrubber.js';
import type { CommandContext } from './command.js';
import type { CliOptions } from './options.js';
import { stateDirectory } from './state-directory.js';

/** What a command says of the run that it begins; the rest follows from the command line. */
export interface JournaledRun {
  readonly run: string;
  readonly verb: string;
  readonly hosts: readonly { readonly name: string }[];
  readonly controller: Controller;
  readonly volumeFiles?: readonly string[];
  readonly resumes?: RunHeader['resumes'];
  /** what a resume needs to know beside how hosts are reached */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Begins the journal of a run that may change hosts. Throws `E_JOURNAL`, before any host is connected to. */
export async function startJournal(context: CommandContext, run: JournaledRun): Promise<RunJournal> {
  const { options } = context;
  const { volumeFiles = [], hosts, resumes, more = {}, ...rest } = run;
  return RunJournal.begin(stateDirectory(context), {
    ...rest,
    hosts: hosts.map(({ name }) => name),
    options: { ...recordedOptions(options), ...more },
    inventory: options.inventory === undefined ? null : path.resolve(options.inventory),
    volumeFiles: volumeFiles.map((filePath) => path.resolve(filePath)),
    limit: options.limit ?? null,
    workingDirectory: process.cwd(),
    ...(resumes === undefined ? {} : { resumes }),
  });
}

/** How hosts are reached and worked on. A resume takes these again, so files are absolute. */
function recordedOptions(options: CliOptions): Record<string, unknown> {
  const { user, privateKey, sshConfig, knownHosts, connectTimeoutMs, transport, serial, maxFailures } = options;
  const given = {
    user,
    'private-key': absolute(privateKey),
    'ssh-config': sshConfig === 'none' ? sshConfig : absolute(sshConfig),
    'known-hosts': absolute(knownHosts),
    'connect-timeout': connectTimeoutMs === undefined ? undefined : connectTimeoutMs / 1000,
    transport,
    'accept-new-host-keys': options.acceptNewHostKeys || undefined,
    become: options.become || undefined,
    'ask-pass': options.askPass || undefined,
    'ask-become-pass': options.askBecomePass || undefined,
    fanout: options.fanout,
    timeout: options.timeoutMs / 1000,
    serial: serial.length === 0 ? undefined : serial.map(amountText).join(','),
    'max-failures': maxFailures === undefined ? undefined : amountText(maxFailures),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function absolute(filePath: string | undefined): string | undefined {
  return filePath === undefined ? undefined : path.resolve(filePath);
}

/** Takes the secrets of each host and of its volumes out of what is written about it. */
export function scrubberOf(
  hosts: readonly InventoryHost[],
  volumesOf: (host: InventoryHost) => readonly VolumeSpec[],
): (host: string, text: string) => string {
  const byName = new Map(hosts.map((host) => [host.name, host]));
  const scrubbers = new Map<string, SecretScrubber>();
  return (name, text) => {
    const host = byName.get(name);
    if (host === undefined) return text;
    const scrubber = scrubbers.get(name) ?? new SecretScrubber(secretsIn([host, volumesOf(host)]));
    scrubbers.set(name, scrubber);
    return scrubber.text(text);
  };
}
