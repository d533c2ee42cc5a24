import type { Duplex } from 'node:stream';
import pLimit, { type LimitFunction } from 'p-limit';
import type { Client } from 'ssh2';
import { LongshoreError } from '../errors/longshore-error.js';
import { deadlineIn, type Deadline } from '../time/deadline.js';
import { withinDeadline } from './deadline-end.js';
import { openSshClient } from './ssh-client.js';
import type { SshOptions } from './ssh-options.js';

/** Streams that a jump host is asked to open at the same time; more wait for their turn. */
const OPENS_AT_ONCE = 16;

interface Jump {
  readonly client: Promise<Client>;
  readonly limit: LimitFunction;
}

/** A host to go through: how it is reached, and as what messages know it. */
export interface JumpTarget {
  /** equal for hosts that may share a connection */
  readonly key: string;
  /** as ProxyJump names it */
  readonly label: string;
  readonly options: SshOptions;
}

/** What a stream goes to, as the jump host sees it. */
interface Destination {
  /** the inventory's name of the host that wants it */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  /** for the stream alone; the jump host's own connection has its own time */
  readonly timeoutMs: number;
}

/**
 * The jump hosts of a run. One connection to each carries the streams to all hosts behind it, and is opened when the first of them needs it. Close the
 * pool when the run is over.
 */
export class JumpPool {
  readonly #jumps = new Map<string, Jump>();
  readonly #ending = new AbortController();

  /**
   * Opens a stream through a jump host to an address as that host sees it. Rejects with the error of the jump host, which names it; with
   * `E_UNREACHABLE` when it cannot or must not reach the address; with `E_INTERRUPTED`.
   */
  async open(jump: JumpTarget, to: Destination, deadline: Deadline): Promise<Duplex> {
    const { client, limit } = this.#jump(jump);
    const connected = await withinDeadline(client, deadline).catch((error: unknown) => {
      throw namingHop(error, jump.label, to.host);
    });
    return limit(() => forward(connected, jump.label, to, deadline));
  }

  /** Ends all connections. Streams that are still open are cut. */
  async close(): Promise<void> {
    this.#ending.abort();
    const jumps = [...this.#jumps.values()];
    this.#jumps.clear();
    await Promise.all(
      jumps.map(({ client }) =>
        client.then(
          (one) => void one.destroy(),
          () => undefined,
        ),
      ),
    );
  }

  #jump({ key, options }: JumpTarget): Jump {
    const known = this.#jumps.get(key);
    if (known !== undefined) return known;
    const jump: Jump = { client: this.#connect(key, options), limit: pLimit(OPENS_AT_ONCE) };
    this.#jumps.set(key, jump);
    return jump;
  }

  /** Not within the deadline of the host that asks first: others wait for the same connection. */
  async #connect(key: string, options: SshOptions): Promise<Client> {
    try {
      const client = await openSshClient(options, deadlineIn(options.connectTimeoutMs * 3, this.#ending.signal));
      client.once('close', () => this.#jumps.delete(key));
      if (this.#ending.signal.aborted) client.destroy();
      return client;
    } catch (error) {
      // a login that was refused is not tried again, and nobody else waits for a host that does not answer; a drop before login may pass
      if (error instanceof LongshoreError && error.details.droppedBeforeLogin === true) this.#jumps.delete(key);
      throw error;
    }
  }
}

function forward(
  client: Client,
  label: string,
  { host, address, port, timeoutMs }: Destination,
  deadline: Deadline,
): Promise<Duplex> {
  const failed = (why: string): LongshoreError =>
    new LongshoreError('E_UNREACHABLE', `jump host ${label} gives no connection to ${address} port ${port}: ${why}`, {
      host,
      remedy: `check that ${label} reaches it, and that its sshd allows it (AllowTcpForwarding, PermitOpen)`,
    });
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  const opened = new Promise<Duplex>((resolve, reject) => {
    const onClose = (): void => reject(failed('its own connection is gone'));
    client.once('close', onClose);
    timer = setTimeout(() => reject(failed(`no answer in ${Math.ceil(timeoutMs) / 1000} s`)), timeoutMs);
    try {
      client.forwardOut('127.0.0.1', 0, address, port, (error, channel) => {
        client.off('close', onClose);
        if (error !== undefined) reject(failed(error.message.replace(/^\(SSH\) /, '')));
        else if (isLate) channel.destroy();
        else resolve(channel);
      });
    } catch {
      // ssh2 throws when its socket is gone
      onClose();
    }
  });
  return withinDeadline(opened, deadline)
    .catch((error: unknown) => {
      isLate = true;
      if (error instanceof LongshoreError && error.code === 'E_COMMAND_TIMEOUT') throw failed('no answer in time');
      throw error;
    })
    .finally(() => clearTimeout(timer));
}

/** The same error, told of the host that wanted to go that way. */
function namingHop(error: unknown, label: string, host: string): unknown {
  if (!(error instanceof LongshoreError) || error.code === 'E_INTERRUPTED') return error;
  const code = error.code === 'E_COMMAND_TIMEOUT' ? 'E_UNREACHABLE' : error.code;
  return new LongshoreError(code, `jump host ${label}: ${error.message}`, { ...error.details, host });
}
