import ssh2 from 'ssh2';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { SimulatedFleet } from '../../src/simulator/fleet.js';
import type { Executor } from '../../src/transport/executor.js';
import { Lane, type LaneTraffic } from '../../src/transport/lane.js';
import { LaneExecutor } from '../../src/transport/lane-executor.js';

const { Client } = ssh2;

/** An executor over lanes to one host of a simulated fleet, by SSH. */
export async function sshExecutor(fleet: SimulatedFleet, index = 0, command = 'exec /bin/sh'): Promise<Executor> {
  const server = fleet.servers[index];
  if (server === undefined) throw new Error(`no host ${index}`);
  const client = new Client();
  await new Promise<void>((resolve, reject) => {
    // more than one error may come: a refused login is followed by the end of its socket
    client.once('ready', resolve).on('error', reject);
    client.connect({ host: server.address, port: server.port, username: fleet.user, privateKey: fleet.privateKey });
  });
  const traffic: LaneTraffic = { bytesIn: 0, bytesOut: 0, processes: 0 };
  return new LaneExecutor(server.host.name, {
    traffic,
    connectMs: 0,
    open: () =>
      new Promise((resolve, reject) => {
        client.exec(command, (error, channel) => {
          if (error !== undefined) {
            reject(error);
            return;
          }
          const streams = {
            stdin: channel,
            stdout: channel,
            stderr: channel.stderr,
            end: () => channel.close(),
            onGone: (listener: () => void) => channel.once('close', listener),
          };
          resolve(new Lane(streams, traffic, (noise) => new LongshoreError('E_LANE', noise)));
        });
      }),
    close() {
      client.end();
      return Promise.resolve();
    },
  });
}
