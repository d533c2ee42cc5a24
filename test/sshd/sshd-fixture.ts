import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import type { SshOptions } from '../../src/transport/ssh-options.js';

export interface SshdOptions {
  /** further lines of sshd_config */
  readonly config?: readonly string[];
  /** scripts by name, put first in PATH of everything that runs on the "host" */
  readonly fakeTools?: Readonly<Record<string, string>>;
  /** what the login shell runs first */
  readonly bashrc?: string;
  /** types of the host's keys. Default ed25519 */
  readonly hostKeyTypes?: readonly KeyType[];
}

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface SshdFixture {
  /** a directory of its own, removed at the end */
  readonly directory: string;
  readonly port: number;
  /** the key that may log in */
  readonly clientKey: string;
  readonly knownHosts: string;
  /** host public keys as lines of a known_hosts file without the name */
  readonly hostKeys: readonly string[];
  /** options that reach it, with changes */
  options(changes?: Partial<SshOptions>): SshOptions;
  /** Ends all connections at once, as an unplugged cable would: what runs on the host goes on. */
  cut(): void;
  connections(): number;
  /** Stops all sshd processes of open connections, as a host does that hangs: its kernel still acknowledges what it is sent. */
  freeze(): void;
  /** connections that there ever were */
  accepted(): number;
  close(): Promise<void>;
}

/** of the same package as the sshd that these tests are about */
const KEYGEN = 'ssh-keygen';

/** Makes a key pair; gives the private key's path. */
export function makeKey(directory: string, name: string, type: KeyType = 'ed25519', passphrase = ''): string {
  const filePath = path.join(directory, name);
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  execFileSync(KEYGEN, ['-q', '-t', type, ...bits, '-N', passphrase, '-C', name, '-f', filePath]);
  return filePath;
}

/** The real sshd of this machine on a port of its own: one `sshd -i` for each connection, with own keys and no other configuration. */
export async function startSshd(options: SshdOptions = {}): Promise<SshdFixture> {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-sshd-'));
  // sshd wants its empty directory, which a machine without a running service may lack
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  const clientKey = makeKey(directory, 'client');
  const hostKeyFiles = (options.hostKeyTypes ?? ['ed25519']).map((type) => makeKey(directory, `host_${type}`, type));
  const hostKeys = hostKeyFiles.map((file) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' '));
  writeFileSync(path.join(directory, 'authorized_keys'), readFileSync(`${clientKey}.pub`));
  const configFile = path.join(directory, 'sshd_config');
  writeFileSync(configFile, `${configOf(directory, hostKeyFiles, options).join('\n')}\n`);

  let accepted = 0;
  const sockets = new Set<net.Socket>();
  const children = new Set<ChildProcess>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    const child = spawn('/usr/sbin/sshd', ['-i', '-e', '-f', configFile], { stdio: ['pipe', 'pipe', 'ignore'] });
    accepted += 1;
    sockets.add(socket);
    children.add(child);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      child.stdin.destroy();
      child.stdout.destroy();
    });
    child.on('close', () => {
      children.delete(child);
      socket.destroy();
    });
    child.stdin.on('error', () => socket.destroy());
    socket.pipe(child.stdin);
    child.stdout.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const knownHosts = path.join(directory, 'known_hosts');
  writeFileSync(knownHosts, hostKeys.map((key) => `[127.0.0.1]:${port} ${key}\n`).join(''));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    directory,
    port,
    clientKey,
    knownHosts,
    hostKeys,
    cut,
    connections: () => sockets.size,
    freeze() {
      for (const child of children) child.kill('SIGSTOP');
    },
    accepted: () => accepted,
    options: (changes = {}) => ({
      host: 'web01',
      address: '127.0.0.1',
      port,
      user: userInfo().username,
      privateKeys: [{ filePath: clientKey }],
      hostKeys: { files: [knownHosts], mode: 'strict' },
      become: { method: 'none' },
      connectTimeoutMs: 20_000,
      ...changes,
    }),
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
      const ended = [...children].map((child) => new Promise((resolve) => child.once('close', resolve)));
      for (const child of children) {
        child.kill('SIGCONT');
        child.kill();
      }
      await Promise.all(ended);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function configOf(directory: string, hostKeyFiles: readonly string[], options: SshdOptions): readonly string[] {
  const home = path.join(directory, 'home');
  const tools = path.join(directory, 'tools');
  mkdirSync(home);
  mkdirSync(tools);
  // bash reads it for commands of sshd too; an empty one keeps this machine's own out
  writeFileSync(path.join(home, '.bashrc'), options.bashrc ?? '');
  for (const [name, script] of Object.entries(options.fakeTools ?? {})) {
    writeFileSync(path.join(tools, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return [
    ...hostKeyFiles.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${path.join(directory, 'authorized_keys')}`,
    'StrictModes no',
    'PermitRootLogin yes',
    'UsePAM no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PidFile none',
    `SetEnv HOME=${home} PATH=${tools}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    ...(options.config ?? []),
  ];
}
