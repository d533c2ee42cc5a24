import type { Options } from 'yargs';
import { approveOption, extraVarsOption, type PlaybookCliOptions, yesOption } from './playbook-options.js';
import { batchOptions, retryOption, rolloutOptions } from './rollout-options.js';
import { TRANSPORTS, type TransportChoice } from '../transport/transport-choice.js';
import { auditOptions, type SweepCliOptions, sweepOptions } from './sweep-options.js';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug', 'trace'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type OptionTable = Readonly<Record<string, Options>>;

const VOLUMES = 'Volumes:';
const HOSTS = 'Hosts:';
const CONNECTION = 'Connection:';
const OUTPUT = 'Output:';
const RECORDING = 'Journal and recording:';

const outputOptions = {
  json: { type: 'boolean', group: OUTPUT, describe: 'one JSON document on stdout, logs on stderr' },
  'log-level': { choices: LOG_LEVELS, default: 'warn', group: OUTPUT, describe: 'what is logged to stderr' },
} as const satisfies OptionTable;

const selectionOptions = {
  inventory: { alias: 'i', type: 'string', group: HOSTS, describe: 'inventory file (Ansible YAML)' },
  limit: { alias: 'l', type: 'string', group: HOSTS, describe: 'only hosts of this pattern, such as web*:&prod:!db1' },
} as const satisfies OptionTable;

const fleetOptions = {
  ...selectionOptions,
  fanout: { alias: 'f', type: 'number', default: 64, group: HOSTS, describe: 'hosts worked on at once' },
  timeout: { type: 'number', default: 300, group: HOSTS, describe: 'seconds that one host may take' },
  'connect-timeout': {
    type: 'number',
    group: CONNECTION,
    describe: 'seconds to connect, and again to log in; else ConnectTimeout of ssh_config, else 10',
  },
  user: { alias: 'u', type: 'string', group: CONNECTION, describe: 'log in as this user' },
  'private-key': { type: 'string', group: CONNECTION, describe: 'log in with this key file' },
  'ssh-config': { type: 'string', group: CONNECTION, describe: 'read this instead of ~/.ssh/config; none for no file' },
  'ask-pass': { alias: 'k', type: 'boolean', group: CONNECTION, describe: 'ask for the password to log in with' },
  'known-hosts': { type: 'string', group: CONNECTION, describe: 'known_hosts file to verify host keys with' },
  'accept-new-host-keys': {
    type: 'boolean',
    group: CONNECTION,
    describe: 'trust hosts not seen before, and remember their keys',
  },
  transport: {
    choices: TRANSPORTS,
    group: CONNECTION,
    describe: 'ssh2, openssh (the ssh program), or the one that a host needs; default auto',
  },
  become: { alias: 'b', type: 'boolean', group: CONNECTION, describe: 'become root with sudo' },
  'ask-become-pass': {
    alias: 'K',
    type: 'boolean',
    group: CONNECTION,
    describe: 'ask for the password of sudo',
  },
  events: {
    type: 'string',
    group: OUTPUT,
    describe: 'write what happens, as it happens, to this file: one JSON a line',
  },
  record: { type: 'string', group: RECORDING, describe: 'write what passes to and from each host to a new directory' },
  replay: {
    type: 'string',
    group: RECORDING,
    describe: 'connect to no host: answer from the recordings in a directory',
  },
  ...outputOptions,
} as const satisfies OptionTable;

const volumeOption = {
  volume: {
    type: 'string',
    array: true,
    group: VOLUMES,
    describe: 'name of a volume in the inventory, a file with one, or all',
  },
} as const satisfies OptionTable;

const stateOption = {
  'state-dir': {
    type: 'string',
    group: RECORDING,
    describe: 'where journals of runs and plans are kept; else LONGSHORE_STATE_DIR, else ~/.local/state/longshore',
  },
} as const satisfies OptionTable;

const playbookOptions = {
  ...extraVarsOption,
  ...retryOption,
  ...stateOption,
  ...fleetOptions,
} as const satisfies OptionTable;

const planOption = {
  plan: { type: 'boolean', group: VOLUMES, describe: 'print the steps, change nothing' },
} as const satisfies OptionTable;

const moveOptions = {
  ...volumeOption,
  ...planOption,
  from: { type: 'string', group: HOSTS, describe: 'the host that has the volume' },
} as const satisfies OptionTable;

const { record: _record, replay: _replay, ...fleetOptionsUnrecorded } = fleetOptions;

/** The options of each command, as yargs is told and as unknown ones are compared with. */
export const OPTIONS = {
  ping: fleetOptions,
  attach: { ...volumeOption, ...planOption, ...rolloutOptions, ...stateOption, ...fleetOptions },
  detach: {
    ...volumeOption,
    ...planOption,
    force: {
      type: 'boolean',
      group: VOLUMES,
      describe:
        'go on after a failed flush and report at the end; never overrides identity or use; needs --reason and one --volume',
    },
    reason: { type: 'string', group: VOLUMES, describe: 'with --force: why the data may be given up; it is kept' },
    'ignore-errors': { type: 'boolean', group: VOLUMES, describe: 'with --force: report those errors as warnings' },
    ...rolloutOptions,
    ...stateOption,
    ...fleetOptions,
  },
  extend: { ...volumeOption, ...planOption, ...rolloutOptions, ...stateOption, ...fleetOptions },
  migrate: {
    ...moveOptions,
    to: { type: 'string', group: HOSTS, describe: 'the host that is to have it' },
    'array-command': {
      type: 'string',
      group: VOLUMES,
      describe: 'command on this machine between the two hosts; {volume} {wwid} {from} {to} are filled in',
    },
    'array-undo': { type: 'string', group: VOLUMES, describe: 'the same when the move turns back' },
    confirm: {
      type: 'boolean',
      group: VOLUMES,
      describe: 'ask between the two hosts, for what is done at the array by hand',
    },
    yes: { alias: 'y', type: 'boolean', group: VOLUMES, describe: 'answer yes to that' },
    ...stateOption,
    ...fleetOptions,
  },
  evacuate: {
    ...moveOptions,
    to: { type: 'string', group: HOSTS, describe: 'the hosts that are to have its volumes, such as db02,db03' },
    evidence: {
      type: 'string',
      group: VOLUMES,
      describe: 'file with fencing evidence; else the check of longshore_fencing in the inventory',
    },
    'accept-attestation': {
      type: 'boolean',
      group: VOLUMES,
      describe: 'let the word of two people in that file count as evidence, for the one volume that it names',
    },
    unrecorded: {
      type: 'string',
      group: VOLUMES,
      describe: 'why one volume is taken of which nothing is on record',
    },
    ...stateOption,
    ...fleetOptions,
  },
  clean: { ...planOption, ...stateOption, ...fleetOptions },
  facts: {
    'single-path': { type: 'boolean', group: HOSTS, describe: 'the key multipath is false' },
    'enforce-multipath': { type: 'boolean', group: HOSTS, describe: 'the key enforce_multipath' },
    'local-attach': { type: 'boolean', group: HOSTS, describe: 'the key do_local_attach' },
    ...fleetOptions,
  },
  status: { ...volumeOption, ...fleetOptions },
  doctor: fleetOptions,
  audit: { ...auditOptions, ...stateOption, ...fleetOptions },
  sweep: { ...sweepOptions, ...stateOption, ...fleetOptionsUnrecorded },
  exec: {
    'largest-exit': {
      alias: 'S',
      type: 'boolean',
      describe: 'end with the largest exit code of the command on any host',
    },
    'out-dir': { type: 'string', describe: 'also write HOST.out, HOST.err and HOST.exit to this directory' },
    ...stateOption,
    ...fleetOptions,
  },
  plan: playbookOptions,
  run: {
    ...approveOption,
    ...yesOption,
    ...playbookOptions,
  },
  runs: {
    attached: { type: 'boolean', describe: 'which volume is attached where, by the journals' },
    last: { type: 'number', default: 20, describe: 'so many of the latest runs' },
    ...stateOption,
    ...outputOptions,
  },
  resume: {
    undo: { type: 'boolean', group: VOLUMES, describe: 'bring back what was there before, instead of finishing' },
    ...yesOption,
    ...planOption,
    ...batchOptions,
    ...stateOption,
    ...fleetOptions,
  },
  inventory: { ...selectionOptions, ...outputOptions },
  report: {
    html: { type: 'string', group: OUTPUT, describe: 'write a page that needs nothing else to this file' },
    junit: { type: 'string', group: OUTPUT, describe: 'write JUnit XML to this file' },
    ...stateOption,
    ...outputOptions,
  },
  sudoers: {
    connector: { choices: ['iscsi'], default: 'iscsi', describe: 'whose commands are to be allowed' },
    user: { alias: 'u', type: 'string', describe: 'the user who logs in; default longshore' },
    ...outputOptions,
  },
  demo: {
    hosts: { type: 'number', default: 20, describe: 'simulated hosts' },
    serve: {
      type: 'string',
      describe: 'only keep the hosts up until Ctrl-C, with inventory, known_hosts and key in this directory',
    },
    slow: { type: 'number', default: 1, describe: 'with --serve: all that the hosts do takes so many times as long' },
    ...outputOptions,
  },
} as const satisfies Readonly<Record<string, OptionTable>>;

/** A command line that was parsed and checked; an option that a command does not have is at its default. */
export interface CliOptions extends PlaybookCliOptions, SweepCliOptions {
  readonly inventory?: string;
  readonly limit?: string;
  readonly fanout: number;
  readonly timeoutMs: number;
  /** absent: what ssh_config says, else 10 s */
  readonly connectTimeoutMs?: number;
  readonly user?: string;
  readonly privateKey?: string;
  readonly sshConfig?: string;
  readonly knownHosts?: string;
  readonly record?: string;
  readonly replay?: string;
  readonly stateDir?: string;
  readonly acceptNewHostKeys: boolean;
  readonly transport?: TransportChoice;
  readonly become: boolean;
  readonly askPass: boolean;
  readonly askBecomePass: boolean;
  readonly json: boolean;
  /** file for the events of the run */
  readonly events?: string;
  readonly logLevel: LogLevel;
  readonly volumes: readonly string[];
  readonly plan: boolean;
  readonly force: boolean;
  /** of force */
  readonly reason?: string;
  readonly ignoreErrors: boolean;
  readonly attached: boolean;
  readonly last: number;
  readonly undo: boolean;
  readonly largestExit: boolean;
  readonly outDir?: string;
  /** of migrate and evacuate */
  readonly from?: string;
  readonly to?: string;
  /** of migrate, in words */
  readonly arrayCommand?: readonly string[];
  readonly arrayUndo?: readonly string[];
  readonly confirm: boolean;
  /** of evacuate */
  readonly evidence?: string;
  readonly acceptAttestation: boolean;
  readonly unrecorded?: string;
  /** of facts */
  readonly multipath: boolean;
  readonly enforceMultipath: boolean;
  readonly localAttach: boolean;
  /** of report, runs and resume: id of a run, or `last`; '' when none was given */
  readonly run: string;
  readonly html?: string;
  readonly junit?: string;
  /** of the demo */
  readonly hosts: number;
  readonly serve?: string;
  readonly slow: number;
  /** what stood behind `--` */
  readonly command: readonly string[];
}
