import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchHost, Fixture, Way } from './fixture.js';

/** All tools work on so many hosts at once: Longshore's default, and clush's. */
export const FANOUT = 64;

export interface Job {
  readonly fixture: Fixture;
  readonly way: Way;
  readonly hosts: readonly BenchHost[];
  /** each waits for the end of the one before on its host */
  readonly commands: readonly (readonly string[])[];
  /** Longshore reads these instead of running commands */
  readonly files?: readonly string[];
  /** an empty directory */
  readonly scratch: string;
}

export interface Start {
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Tool {
  readonly name: string;
  /** null: it is not installed */
  readonly version: () => string | null;
  /** so many commands tell the time of all: 1 where each is a login and a run of its own. Absent: all are run */
  readonly sampled?: number;
  /** further commands are measured on this share of the hosts: on all of them they take minutes */
  readonly sampledShare?: number;
  readonly start: (job: Job) => Promise<Start>;
}

const LONGSHORE = 'Longshore, library';

/** What every figure is compared with. */
export const REFERENCE = LONGSHORE;

export const LONGSHORE_LIBRARY: Tool = {
  name: LONGSHORE,
  version: () => '',
  start: startLibrary,
};
/** All 200 hosts at once: hosts at work cost it little. Peers gain nothing from it, as theirs are processes. */
export const LONGSHORE_WIDE: Tool = {
  name: 'Longshore, fanout 200',
  version: () => '',
  start: (job) => startClient(clientConfig(job, 'run', 200), job.scratch),
};
export const LONGSHORE_CLI: Tool = {
  name: 'Longshore, exec',
  version: () => '',
  start: startCli,
};

const SSH_LOOP = peer('ssh, xargs -P', ['ssh', '-V'], startSshLoop);
const CONTROL_MASTER = { ...peer('ssh, ControlMaster', ['ssh', '-V'], startControlMaster), sampled: 11 };
const CLUSH = peer('clush', ['clush', '--version'], startClush);
const PDSH = peer('pdsh', ['pdsh', '-V'], startPdsh);
const PARALLEL_SSH = peer('parallel-ssh', ['parallel-ssh', '--version'], startParallelSsh);
const ANSIBLE = {
  ...peer('ansible', ['ansible-playbook', '--version'], startAnsible),
  sampled: 3,
  sampledShare: 1 / 8,
};

export const PEERS: readonly Tool[] = [SSH_LOOP, CONTROL_MASTER, CLUSH, PDSH, PARALLEL_SSH, ANSIBLE];
export { CONTROL_MASTER, CLUSH };

function peer(name: string, versionArgv: readonly string[], start: Tool['start']): Tool {
  return { name, version: () => versionOf(versionArgv), sampled: 1, start };
}

function versionOf([program = '', ...args]: readonly string[]): string | null {
  const there = (process.env['PATH'] ?? '').split(':').some((directory) => existsSync(path.join(directory, program)));
  if (!there) return null;
  const said = execFileSync('sh', ['-c', '"$@" 2>&1', 'sh', program, ...args], { encoding: 'utf8' });
  return said.trim().split('\n')[0] ?? '';
}

/** The configuration that `longshore-client.mjs` reads. */
export function clientConfig(
  job: Pick<Job, 'fixture' | 'way' | 'hosts' | 'commands' | 'files'>,
  mode: string,
  fanout = FANOUT,
): unknown {
  const { fixture, way, hosts, commands, files } = job;
  return {
    mode,
    library: fixture.library,
    user: fixture.user,
    key: fixture.sshd.clientKey,
    knownHosts: path.join(fixture.directory, `known_hosts_${way.rttMs}`),
    fanout,
    task: files === undefined ? 'commands' : 'reads',
    hosts: hosts.map((host) => ({ ...host, port: way.port })),
    commands,
    files,
  };
}

export async function startClient(config: unknown, scratch: string, nodeArgs: readonly string[] = []): Promise<Start> {
  const configFile = path.join(scratch, 'client.json');
  await writeFile(configFile, JSON.stringify(config));
  const script = fileURLToPath(new URL('longshore-client.mjs', import.meta.url));
  return { argv: [process.execPath, ...nodeArgs, script, configFile] };
}

function startLibrary(job: Job): Promise<Start> {
  return startClient(clientConfig(job, 'run'), job.scratch);
}

/** The command line has no command for dependent commands or reads of its own; it is measured with one command. */
async function startCli({ fixture, way, hosts, commands, scratch }: Job): Promise<Start> {
  const inventoryFile = path.join(scratch, 'inventory.yaml');
  const vars = [
    `ansible_port: ${way.port}`,
    `ansible_user: ${fixture.user}`,
    `ansible_ssh_private_key_file: ${fixture.sshd.clientKey}`,
  ];
  const lines = ['all:', '  vars:', ...vars.map((line) => `    ${line}`), '  hosts:'];
  await writeFile(inventoryFile, [...lines, ...hosts.map(({ name }) => `    ${name}:`)].join('\n'));
  const knownHosts = path.join(fixture.directory, `known_hosts_${way.rttMs}`);
  const options = ['-i', inventoryFile, '--known-hosts', knownHosts, '--connect-timeout', '120', '-f', String(FANOUT)];
  return { argv: [process.execPath, fixture.program, 'exec', ...options, '--', ...(commands[0] ?? [])] };
}

async function writeHosts({ hosts, scratch }: Job): Promise<string> {
  const filePath = path.join(scratch, 'hosts');
  await writeFile(filePath, hosts.map(({ address }) => `${address}\n`).join(''));
  return filePath;
}

const line = (argv: readonly string[]): string => argv.join(' ');

/** A shell script, stopped by the first command that fails. */
async function script(scratch: string, name: string, lines: readonly string[]): Promise<string> {
  const filePath = path.join(scratch, name);
  await writeFile(filePath, `set -e\n${lines.join('\n')}\n`);
  return filePath;
}

/** One process for each host, which does the host's commands in turn. */
async function startXargs(job: Job, lines: readonly string[]): Promise<Start> {
  const one = await script(job.scratch, 'one.sh', lines);
  return { argv: ['xargs', '-a', await writeHosts(job), '-P', String(FANOUT), '-n', '1', 'sh', one] };
}

function startSshLoop(job: Job): Promise<Start> {
  return startXargs(
    job,
    job.commands.map((argv) => `ssh -n -F ${job.way.sshConfig} "$1" ${quoted(argv)}`),
  );
}

async function startControlMaster(job: Job): Promise<Start> {
  const sockets = path.join(job.scratch, 'cm');
  await mkdir(sockets);
  const ssh = `ssh -n -F ${job.way.sshConfig} -o ControlMaster=auto -o ControlPersist=600 -S ${sockets}/%h`;
  const lines = job.commands.map((argv) => `${ssh} "$1" ${quoted(argv)}`);
  return startXargs(job, [...lines, `${ssh} -O exit "$1" 2>/dev/null`]);
}

function quoted(argv: readonly string[]): string {
  return `'${line(argv)}'`;
}

/** One run of the tool on all hosts for each command: they know of no sequence. */
async function startInTurn(job: Job, commandLine: (hosts: string, argv: string) => string): Promise<Start> {
  const hosts = await writeHosts(job);
  const lines = job.commands.map((argv) => commandLine(hosts, quoted(argv)));
  return { argv: ['sh', await script(job.scratch, 'all.sh', lines)] };
}

function startClush(job: Job): Promise<Start> {
  const { sshConfig } = job.way;
  return startInTurn(
    job,
    (hosts, argv) => `clush -b -S -q -n -t 120 -f ${FANOUT} -o '-F ${sshConfig}' --hostfile=${hosts} ${argv}`,
  );
}

async function startPdsh(job: Job): Promise<Start> {
  const start = await startInTurn(job, (hosts, argv) => `pdsh -R ssh -S -t 120 -f ${FANOUT} -w ^${hosts} ${argv}`);
  // its own default takes the local user's name
  return { ...start, env: { PDSH_SSH_ARGS: `-a -x -F ${job.way.sshConfig} %h` } };
}

function startParallelSsh(job: Job): Promise<Start> {
  const { sshConfig } = job.way;
  return startInTurn(
    job,
    (hosts, argv) => `parallel-ssh -h ${hosts} -p ${FANOUT} -t 600 -i -x '-F ${sshConfig}' ${argv}`,
  );
}

async function startAnsible(job: Job): Promise<Start> {
  const { scratch, way } = job;
  const tasks = job.commands.map((argv) => `    - command: ${line(argv)}`);
  const playbook = path.join(scratch, 'play.yaml');
  await writeFile(playbook, ['- hosts: all', '  gather_facts: false', '  tasks:', ...tasks, ''].join('\n'));
  return {
    argv: ['ansible-playbook', '-i', await writeHosts(job), '-f', String(FANOUT), playbook],
    env: {
      ANSIBLE_PIPELINING: '1',
      ANSIBLE_SSH_ARGS: `-F ${way.sshConfig} -o ControlMaster=auto -o ControlPersist=60s`,
      ANSIBLE_SSH_CONTROL_PATH_DIR: path.join(scratch, 'cp'),
      ANSIBLE_HOME: path.join(scratch, 'ansible'),
      ANSIBLE_LOCAL_TEMP: path.join(scratch, 'tmp'),
      ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
      ANSIBLE_TIMEOUT: '120',
      ANSIBLE_NOCOLOR: '1',
    },
  };
}
