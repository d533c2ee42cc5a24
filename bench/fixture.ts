import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type SshdDaemon, startSshdDaemon } from '../test/sshd/sshd-daemon.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** A system user of its own, with /bin/sh; made for the run and deleted after it. */
const USER = 'longshore-bench';

export interface BenchHost {
  readonly name: string;
  readonly address: string;
}

/** A way to the hosts: straight, or through a proxy that delays. */
export interface Way {
  readonly rttMs: number;
  readonly port: number;
  /** for `ssh -F` */
  readonly sshConfig: string;
  /** since it was asked last; null where nothing counts them */
  roundTrips(): Promise<number | null>;
}

export interface Fixture {
  readonly directory: string;
  readonly sshd: SshdDaemon;
  readonly user: string;
  /** paths of the small files that are read */
  readonly files: readonly string[];
  readonly ways: readonly Way[];
  /** Longshore, built from this tree */
  readonly program: string;
  readonly library: string;
  /** what sshd has served so far */
  readonly served: { logins: number; sessions: number };
  close(): Promise<void>;
}

export function benchHosts(count: number): BenchHost[] {
  return Array.from({ length: count }, (_, i) => {
    const address = `127.77.${Math.floor(i / 250)}.${(i % 250) + 1}`;
    return { name: address, address };
  });
}

/** One real sshd that answers on every address of 127.0.0.0/8, the ways to it, and what is read there. */
export async function startFixture(rtts: readonly number[], fileCount: number): Promise<Fixture> {
  const user = process.getuid?.() === 0 ? USER : userInfo().username;
  const directory = await mkdtemp(path.join(tmpdir(), 'ls-bench-'));
  execFileSync('chmod', ['755', directory]);
  const undo: (() => Promise<void> | void)[] = [() => rm(directory, { recursive: true, force: true })];
  const close = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    if (user === USER) undo.push(await addUser(path.join(directory, 'home')));
    const served = { logins: 0, sessions: 0 };
    const sshd = await startSshdDaemon({
      listenAddress: '0.0.0.0',
      user,
      config: ['MaxStartups 10000', 'LoginGraceTime 600', 'LogLevel VERBOSE', `AllowUsers ${user}`],
      onLog(line) {
        if (line.startsWith('Accepted publickey')) served.logins += 1;
        else if (line.startsWith('Starting session:')) served.sessions += 1;
      },
    });
    undo.push(() => sshd.close());
    const ways: Way[] = [];
    for (const rttMs of rtts) ways.push(await openWay(directory, sshd, rttMs, undo));
    const files = await writeReadFiles(directory, fileCount);
    const built = await buildLongshore();
    return { directory, sshd, user, files, ways, served, ...built, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function addUser(home: string): Promise<() => void> {
  const remove = (): void => void execFileSync('userdel', [USER], { stdio: 'ignore' });
  try {
    remove();
  } catch {
    // there was none left by a run that was killed
  }
  await mkdir(home, { mode: 0o755 });
  // a password that fits nothing, as an account without one is locked for sshd
  execFileSync('useradd', ['--system', '--no-create-home', '--home-dir', home, '--shell', '/bin/sh', '-p', '*', USER]);
  return remove;
}

async function openWay(directory: string, sshd: SshdDaemon, rttMs: number, undo: (() => void)[]): Promise<Way> {
  let port = sshd.port;
  let roundTrips = (): Promise<number | null> => Promise.resolve(null);
  if (rttMs > 0) {
    const script = fileURLToPath(new URL('delay-proxy.ts', import.meta.url));
    const child = spawn(process.execPath, [...process.execArgv, script, String(sshd.port), String(rttMs)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    undo.push(() => child.stdin.end());
    const answer = answers(child);
    port = await answer();
    roundTrips = () => {
      child.stdin.write('\n');
      return answer();
    };
  }
  const knownHosts = path.join(directory, `known_hosts_${rttMs}`);
  await writeFile(knownHosts, `[127.*]:${port} ${sshd.hostKey}\n`);
  const sshConfig = path.join(directory, `ssh_config_${rttMs}`);
  const lines = [
    `Port ${port}`,
    `User ${sshd.user}`,
    `IdentityFile ${sshd.clientKey}`,
    'IdentitiesOnly yes',
    'IdentityAgent none',
    `UserKnownHostsFile ${knownHosts}`,
    'GlobalKnownHostsFile /dev/null',
    'StrictHostKeyChecking yes',
    'UpdateHostKeys no',
    'GSSAPIAuthentication no',
    'PreferredAuthentications publickey',
    'BatchMode yes',
    'LogLevel ERROR',
  ];
  await writeFile(sshConfig, `Host *\n${lines.join('\n')}\n`);
  return { rttMs, port, sshConfig, roundTrips };
}

function answers(child: ChildProcess): () => Promise<number> {
  if (child.stdout === null) throw new Error('no stdout');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the proxy has ended');
    return Number(value);
  };
}

/** As a SCSI host with many disks looks: a few directories, small files. */
async function writeReadFiles(directory: string, count: number): Promise<string[]> {
  const names = ['size', 'ro', 'state', 'vendor', 'model', 'wwid'];
  const files: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const disk = path.join(directory, 'sys', `sd${Math.floor(i / names.length)}`);
    await mkdir(disk, { recursive: true });
    const filePath = path.join(disk, names[i % names.length] ?? '');
    await writeFile(filePath, `value ${i}\n`);
    files.push(filePath);
  }
  return files;
}

/** Built beside the tree's own `dist`, which others may be building. */
export async function buildLongshore(): Promise<{ program: string; library: string }> {
  const directory = path.join(ROOT, 'node_modules', '.cache', 'longshore-bench');
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await cp(path.join(ROOT, 'package.json'), path.join(directory, 'package.json'));
  const outDir = path.join(directory, 'dist');
  const args = ['-p', 'tsconfig.build.json', '--outDir', outDir, '--declaration', 'false', '--declarationMap', 'false'];
  const built = { program: path.join(outDir, 'cli', 'main.js'), library: path.join(outDir, 'index.js') };
  try {
    execFileSync(path.join(ROOT, 'node_modules', '.bin', 'tsc'), args, { cwd: ROOT, stdio: 'pipe' });
  } catch (error) {
    // types are for `npm run check`; what was written can be run all the same
    if (!existsSync(built.program) || !existsSync(built.library)) throw error;
  }
  return built;
}

/** CPU time of sshd and of all that it has started and that has ended, seconds. */
export function hostCpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime stime cutime cstime, in ticks of 1/100 s
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/** Waits until sshd serves nobody any more. */
export async function hostIsIdle(pid: number): Promise<void> {
  for (let i = 0; i < 500; i += 1) {
    if (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim() === '') return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
