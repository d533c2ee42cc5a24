import { createServer, type Server as TcpServer, type Socket } from 'node:net';
import ssh2 from 'ssh2';
import type { AuthContext, Connection, ParsedKey, ServerChannel } from 'ssh2';
import type { SimulatedHost } from './host-model.js';
import { laneStart } from './lane/lane-start.js';
import { Link } from './lane/link.js';
import { serveLane } from './lane/serve-lane.js';
import { runTool } from './tools/run-tool.js';
import { splitWords } from './tools/shell-words.js';

const { Server, utils } = ssh2;

/** sshd's default of `MaxSessions`: channels of one connection. */
const MAX_SESSIONS = 10;

export interface SshServerOptions {
  readonly host: SimulatedHost;
  /** loopback address to listen at. Default 127.0.0.1 */
  readonly address?: string;
  /** 0 lets the kernel choose. Default 0 */
  readonly port?: number;
  /** the host's private key, in OpenSSH's format */
  readonly hostKey: string;
  /** the public key that may log in, as any user */
  readonly authorizedKey: string;
  /** what sudo and doas want; null lets everybody in. Default null */
  readonly sudoPassword?: string | null;
}

export interface SimulatedSshServer {
  readonly host: SimulatedHost;
  readonly address: string;
  readonly port: number;
  /** connections that are open now */
  readonly connections: number;
  /** names that were logged in with so far */
  readonly users: ReadonlySet<string>;
  /** Cuts all connections without a word, as a crashed or unplugged host would look. */
  cut(): void;
  close(): Promise<void>;
}

/** One simulated host behind a real SSH server on a loopback address. */
export async function startSshServer(options: SshServerOptions): Promise<SimulatedSshServer> {
  const { host, address = '127.0.0.1', port = 0 } = options;
  const sockets = new Map<number, Socket>();
  const users = new Set<string>();
  // The SSH part is made at the first connection: a thousand hosts that nobody calls cost a thousand listening sockets.
  let ssh: ReturnType<typeof sshPart> | null = null;
  const listener = createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    const { remotePort } = socket;
    if (remotePort === undefined || !host.network.isReachable) {
      socket.destroy();
      return;
    }
    sockets.set(remotePort, socket);
    socket.on('close', () => sockets.delete(remotePort));
    ssh ??= sshPart(options, sockets, users);
    ssh.injectSocket(socket);
  });
  await listening(listener, port, address);
  const bound = listener.address();
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port');
  const cut = (): void => {
    for (const socket of sockets.values()) socket.destroy();
  };
  return {
    host,
    address,
    port: bound.port,
    get connections() {
      return sockets.size;
    },
    users,
    cut,
    close() {
      cut();
      return new Promise((resolve) => listener.close(() => resolve()));
    },
  };
}

function listening(server: TcpServer, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => resolve());
  });
}

/** `sockets`: those of all connections, by the client's port; `users`: takes the names that log in. */
function sshPart(
  options: SshServerOptions,
  sockets: ReadonlyMap<number, Socket>,
  users: Set<string>,
): InstanceType<typeof Server> {
  const allowed = utils.parseKey(options.authorizedKey);
  if (allowed instanceof Error) throw allowed;
  const server = new Server({ hostKeys: [options.hostKey], ident: 'simulated' }, (client, { port }) => {
    client.on('authentication', (attempt) => {
      if (authenticate(attempt, allowed)) users.add(attempt.username);
    });
    client.on('ready', () => serveConnection(client, options, sockets.get(port)));
    // a peer that goes away is no news to a server
    client.on('error', () => client.end());
  });
  server.on('error', () => undefined);
  return server;
}

/** Public key only, for any user name. Whether the attempt has gone well so far. */
function authenticate(attempt: AuthContext, allowed: ParsedKey): boolean {
  if (attempt.method !== 'publickey') {
    attempt.reject(['publickey']);
    return false;
  }
  const isKnown = attempt.key.algo === allowed.type && attempt.key.data.equals(allowed.getPublicSSH());
  const { signature, blob } = attempt;
  // without a signature the client only asks whether the key would do
  if (isKnown && (signature === undefined || blob === undefined || allowed.verify(blob, signature))) {
    attempt.accept();
    return true;
  }
  attempt.reject(['publickey']);
  return false;
}

function serveConnection(client: Connection, options: SshServerOptions, socket: Socket | undefined): void {
  const link = new Link(options.host.network, () => socket?.destroy());
  let sessions = 0;
  client.on('close', () => {
    // a connection that has gone silent ends for the host in its own time
    if (link.isHeard) link.end();
  });
  client.on('session', (accept, reject) => {
    if (sessions >= MAX_SESSIONS) {
      reject();
      return;
    }
    sessions += 1;
    const session = accept();
    session.on('close', () => {
      sessions -= 1;
    });
    session.on('env', (acceptEnv) => acceptEnv?.());
    session.on('pty', (acceptPty) => acceptPty?.());
    session.on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      serveCommand(channel, command, options, link).catch((error: unknown) => {
        // a fault of the simulator ends the command, not the fleet, and whoever asked gets to know
        channel.stderr.write(`simulator: ${String(error)}\n`);
        channel.exit(70);
        channel.end();
      });
    });
  });
}

async function serveCommand(
  channel: ServerChannel,
  command: string,
  { host, sudoPassword = null }: SshServerOptions,
  link: Link,
): Promise<void> {
  const ended = new AbortController();
  const end = (): void => ended.abort();
  const onClose = (): void => {
    if (link.isHeard) end();
  };
  channel.on('close', onClose);
  channel.on('error', onClose);
  link.gone.addEventListener('abort', end);
  const start = laneStart(command);
  if (start !== null) {
    const found = new Map<string, readonly string[]>();
    const lane = { host, link, gone: ended.signal, lockHolder: channel, found };
    await serveLane(lane, channel, { ...start, sudoPassword });
    host.locks.release(channel);
  } else {
    const words = splitWords(command);
    const { exit, stdout, stderr } =
      words === null
        ? { exit: 2, stdout: '', stderr: 'sh: 1: this command line is not simulated\n' }
        : await runTool(host, words, { input: '', signal: host.power });
    if (!ended.signal.aborted && link.isHeard) {
      channel.write(stdout);
      channel.stderr.write(stderr);
      channel.exit(exit);
      channel.end();
    }
  }
  link.gone.removeEventListener('abort', end);
}
