import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import net from 'node:net';
import { type KnownHosts, readKnownHosts } from './known-hosts.js';

/** What ssh2 can do with a key: use it, or not at all. */
export type KeyKind = 'plain' | 'certificate' | 'security key';

/** of Kerberos, where that is in use */
const KLIST = 'klist';
const AGENT_MS = 2000;
const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const LONGEST_ANSWER = 1 << 20;

/**
 * What a run looks up on this machine to choose transports. Everything is looked up once, however many hosts ask: files do not change
 * during a run, or need not be noticed.
 */
export class LocalSshFacts {
  readonly #files = new Map<string, Promise<string | null>>();
  readonly #there = new Map<string, Promise<boolean>>();
  readonly #agents = new Map<string, Promise<readonly KeyKind[]>>();
  readonly #knownHosts = new Map<string, Promise<KnownHosts>>();
  #ticket: Promise<boolean> | null = null;

  exists(filePath: string): Promise<boolean> {
    return once(this.#there, filePath, () =>
      access(filePath).then(
        () => true,
        () => false,
      ),
    );
  }

  /** What kind of key a private key's file holds; null when there is no such file. */
  async keyKind(filePath: string): Promise<KeyKind | null> {
    if (!(await this.exists(filePath))) return null;
    const publicKey = await once(this.#files, `${filePath}.pub`, () =>
      readFile(`${filePath}.pub`, 'utf8').catch(() => null),
    );
    const type = publicKey?.trim().split(/\s+/)[0] ?? (filePath.endsWith('_sk') ? 'sk-' : '');
    return kindOf(type);
  }

  /** The kinds of keys that an agent holds; none when it cannot be asked. */
  agentKinds(socketPath: string): Promise<readonly KeyKind[]> {
    return once(this.#agents, socketPath, () => agentKeyTypes(socketPath).then((types) => types.map(kindOf)));
  }

  knownHosts(files: readonly string[]): Promise<KnownHosts> {
    return once(this.#knownHosts, JSON.stringify(files), () => readKnownHosts(files));
  }

  /** Whether there is a Kerberos ticket that has not ended. */
  hasTicket(): Promise<boolean> {
    this.#ticket ??= new Promise((resolve) => {
      execFile(KLIST, ['-s'], { timeout: AGENT_MS }, (error) => resolve(error === null));
    });
    return this.#ticket;
  }
}

function once<T>(known: Map<string, Promise<T>>, key: string, find: () => Promise<T>): Promise<T> {
  const found = known.get(key) ?? find();
  known.set(key, found);
  return found;
}

function kindOf(type: string): KeyKind {
  if (type.includes('-cert-v01@')) return 'certificate';
  return type.startsWith('sk-') ? 'security key' : 'plain';
}

/** Types of the public keys that an agent holds (draft-ietf-sshm-ssh-agent): ssh2 hides those that it does not know. */
function agentKeyTypes(socketPath: string): Promise<readonly string[]> {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    let heard = Buffer.alloc(0);
    const end = (types: readonly string[]): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(types);
    };
    const timer = setTimeout(() => end([]), AGENT_MS);
    socket.on('error', () => end([]));
    socket.on('close', () => end([]));
    socket.on('connect', () => socket.write(Buffer.from([0, 0, 0, 1, REQUEST_IDENTITIES])));
    socket.on('data', (chunk: Buffer) => {
      heard = Buffer.concat([heard, chunk]);
      if (heard.length < 4) return;
      const length = heard.readUInt32BE(0);
      if (length > LONGEST_ANSWER) end([]);
      else if (heard.length >= 4 + length) end(parseIdentities(heard.subarray(4, 4 + length)));
    });
  });
}

function parseIdentities(answer: Buffer): readonly string[] {
  if (answer[0] !== IDENTITIES_ANSWER) return [];
  let at = 5;
  const next = (): Buffer => {
    const length = answer.readUInt32BE(at);
    at += 4 + length;
    return answer.subarray(at - length, at);
  };
  try {
    return Array.from({ length: Math.min(answer.readUInt32BE(1), 1000) }, () => {
      const blob = next();
      next();
      return blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
    });
  } catch {
    return [];
  }
}
