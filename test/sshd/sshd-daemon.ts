import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { SshOptions } from '../../src/transport/ssh-options.js';
import { makeKey } from './sshd-fixture.js';

export interface SshdDaemonOptions {
  /** Default 127.0.0.1; 0.0.0.0 answers on all of 127.0.0.0/8 */
  readonly listenAddress?: string;
  /** who may log in. Default: whoever runs this */
  readonly user?: string;
  /** further lines of sshd_config */
  readonly config?: readonly string[];
  readonly onLog?: (line: string) => void;
}

export interface SshdDaemon {
  /** a directory of its own, removed at the end; others may read it */
  readonly directory: string;
  readonly pid: number;
  readonly port: number;
  readonly user: string;
  readonly clientKey: string;
  readonly hostKey: string;
  /** has the host key for every address of 127.0.0.0/8 on this port */
  readonly knownHosts: string;
  options(changes?: Partial<SshOptions>): SshOptions;
  close(): Promise<void>;
}

/** This machine's sshd as a daemon: unlike `sshd -i`, it counts the connections that have not logged in yet (MaxStartups). */
export async function startSshdDaemon(options: SshdDaemonOptions = {}): Promise<SshdDaemon> {
  const { listenAddress = '127.0.0.1', user = userInfo().username, config = [], onLog } = options;
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-sshd-'));
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const clientKey = makeKey(directory, 'client');
  const hostKeyFile = makeKey(directory, 'host');
  const port = await freePort();
  const hostKey = readFileSync(`${hostKeyFile}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  writeFileSync(path.join(directory, 'authorized_keys'), readFileSync(`${clientKey}.pub`));
  const knownHosts = path.join(directory, 'known_hosts');
  writeFileSync(knownHosts, `[127.*]:${port} ${hostKey}\n`);
  const configFile = path.join(directory, 'sshd_config');
  const lines = [
    `ListenAddress ${listenAddress}`,
    `Port ${port}`,
    `HostKey ${hostKeyFile}`,
    `AuthorizedKeysFile ${path.join(directory, 'authorized_keys')}`,
    'StrictModes no',
    'PermitRootLogin yes',
    'UsePAM no',
    'UseDNS no',
    'PrintMotd no',
    'PrintLastLog no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PidFile none',
    // bash reads ~/.bashrc for commands of sshd too, and this machine's own may take seconds
    `SetEnv HOME=${directory}`,
    ...config,
  ];
  writeFileSync(configFile, `${lines.join('\n')}\n`);
  // sshd reads the keys of a user as that user
  execFileSync('chmod', ['755', directory]);

  const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said: string[] = [];
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      onLog?.(line);
      if (said.length < 20) said.push(line);
      if (line.startsWith('Server listening')) resolve();
    });
    child.once('error', reject);
    void ended.then(() => reject(new Error(`sshd did not start: ${said.join('; ')}`)));
  });
  const pid = child.pid ?? 0;
  return {
    directory,
    pid,
    port,
    user,
    clientKey,
    hostKey,
    knownHosts,
    options: (changes = {}) => ({
      host: 'test',
      address: '127.0.0.1',
      port,
      user,
      privateKeys: [{ filePath: clientKey }],
      hostKeys: { files: [knownHosts], mode: 'strict' },
      become: { method: 'none' },
      connectTimeoutMs: 20_000,
      ...changes,
    }),
    async close() {
      // its children serve open connections, and would go on without it
      for (const own of childrenOf(pid)) endProcess(own);
      child.kill();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** A port that was free a moment ago: sshd cannot be given one by the kernel. */
async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // it has ended by itself
  }
}
