import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { SshRoutes, type SshRequest, type SshRunOptions } from '../../src/transport/ssh-route.js';
import { makeKey, type SshdFixture } from './sshd-fixture.js';

/** A user with a home directory of their own: an ~/.ssh with what a test puts there, and nothing of this machine's user. */
export interface NewUser {
  readonly home: string;
  /** path of a file in ~/.ssh */
  file(name: string, text: string): string;
  /** a key pair in ~/.ssh that may log in to these hosts */
  key(name: string, hosts: readonly SshdFixture[], passphrase?: string): string;
  /** the keys of these hosts in ~/.ssh/known_hosts */
  knows(...hosts: readonly SshdFixture[]): void;
  routes(changes?: Partial<SshRunOptions>, config?: Partial<SshRunOptions['config']>): SshRoutes;
  remove(): void;
}

export function newUser(): NewUser {
  const home = mkdtempSync(path.join(tmpdir(), 'longshore-home-'));
  const directory = path.join(home, '.ssh');
  mkdirSync(directory, { mode: 0o700 });
  const file = (name: string, text: string): string => {
    const filePath = path.join(directory, name);
    writeFileSync(filePath, text, { mode: 0o600 });
    return filePath;
  };
  const { homedir: accountHome, username: localUser, uid: localUserId } = userInfo();
  return {
    home,
    file,
    key(name, hosts, passphrase = '') {
      const filePath = makeKey(directory, name, 'ed25519', passphrase);
      for (const host of hosts) authorize(host, filePath);
      return filePath;
    },
    knows: (...hosts) => void file('known_hosts', hosts.map((host) => readFileSync(host.knownHosts, 'utf8')).join('')),
    routes: (changes = {}, config = {}) =>
      new SshRoutes({
        config: { home, accountHome, localUser, localUserId, localHostName: 'bastion', env: {}, ...config },
        acceptNewHostKeys: false,
        ...changes,
      }),
    remove: () => rmSync(home, { recursive: true, force: true }),
  };
}

/** One more key that may log in. */
export function authorize(host: SshdFixture, keyFile: string): void {
  const filePath = path.join(host.directory, 'authorized_keys');
  writeFileSync(filePath, readFileSync(filePath, 'utf8') + readFileSync(`${keyFile}.pub`, 'utf8'));
}

export function request(address: string, changes: Partial<SshRequest> = {}): SshRequest {
  return { host: address, address, arguments: [], become: { method: 'none' }, ...changes };
}

export interface Gate {
  readonly port: number;
  readonly opened: () => number;
  close(): Promise<void>;
}

/** A network behind a jump host: a port that leads to the inner host only while somebody is logged in to the jump host. */
export async function networkBehind(jump: SshdFixture, inner: SshdFixture): Promise<Gate> {
  const sockets = new Set<net.Socket>();
  let opened = 0;
  const server = net.createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    if (jump.connections() === 0) {
      socket.destroy();
      return;
    }
    opened += 1;
    const onward = net.connect({ host: '127.0.0.1', port: inner.port, noDelay: true });
    sockets.add(onward.on('error', () => socket.destroy()));
    socket.pipe(onward).pipe(socket);
    socket.on('close', () => onward.destroy());
    onward.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    opened: () => opened,
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** A line of known_hosts for a host that is reached at another port. */
export function knownAt(port: number, host: SshdFixture): string {
  return host.hostKeys.map((key) => `[127.0.0.1]:${port} ${key}\n`).join('');
}
