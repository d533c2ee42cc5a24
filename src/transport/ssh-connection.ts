import type { Client, ClientChannel } from 'ssh2';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import { becomeCommand } from './become.js';
import type { Executor } from './executor.js';
import { Lane, type LaneStreams, type LaneTraffic } from './lane.js';
import { LaneExecutor } from './lane-executor.js';
import { openSshClient } from './ssh-client.js';
import type { SshOptions } from './ssh-options.js';

/** How long the end of a connection is waited for before it is cut. */
const END_MS = 1000;

/**
 * Connects to a host by ssh2, opens the first lane and waits until its shell answers.
 *
 * Rejects with `E_UNREACHABLE` (also when the deadline ends first), `E_HOST_KEY`, `E_AUTH`, `E_BECOME` or `E_LANE`, with
 * `E_INTERRUPTED` when the user interrupts. No message holds a secret.
 */
export async function connectSsh(options: SshOptions, deadline: Deadline): Promise<Executor> {
  const began = performance.now();
  const traffic: LaneTraffic = { bytesIn: 0, bytesOut: 0, processes: 0 };
  const client = await openSshClient(options, deadline);
  const closed = new Promise<void>((resolve) => client.once('close', resolve));
  const source = {
    traffic,
    connectMs: 0,
    open: () => openLane(client, options, traffic),
    close: () => endClient(client, closed),
  };
  const executor = new LaneExecutor(options.host, source);
  try {
    await executor.start(deadline);
  } catch (error) {
    client.destroy();
    const isLate = error instanceof LongshoreError && error.code === 'E_COMMAND_TIMEOUT';
    throw isLate ? new LongshoreError('E_UNREACHABLE', `no shell in time: ${error.message}`, error.details) : error;
  }
  source.connectMs = performance.now() - began;
  return executor;
}

function openLane(client: Client, options: SshOptions, traffic: LaneTraffic): Promise<Lane> {
  const { host } = options;
  const { command, processes, lane } = becomeCommand(options.become, host);
  return new Promise((resolve, reject) => {
    const isGone = (): void =>
      reject(new LongshoreError('E_UNREACHABLE', `the connection to ${host} is gone`, { host }));
    client.once('close', isGone);
    try {
      client.exec(command, (error, channel) => {
        client.off('close', isGone);
        if (error === undefined) {
          traffic.processes += processes;
          // at once: what a shell says that ends at once comes in the same turn, and would be missed after it
          resolve(new Lane(streamsOf(channel, client), traffic, lane));
        } else reject(new LongshoreError('E_LANE', `${host} gives no further channel: ${error.message}`, { host }));
      });
    } catch {
      // ssh2 throws when its socket is gone
      isGone();
    }
  });
}

function streamsOf(channel: ClientChannel, client: Client): LaneStreams {
  let hasEnded = false;
  channel.once('exit', () => {
    hasEnded = true;
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    end: () => channel.close(),
    onGone(listener) {
      channel.once('close', () => listener(hasEnded ? 'ended' : 'cut'));
      client.once('close', () => listener('cut'));
    },
  };
}

async function endClient(client: Client, closed: Promise<void>): Promise<void> {
  const timer = setTimeout(() => client.destroy(), END_MS);
  client.end();
  await closed;
  clearTimeout(timer);
}
