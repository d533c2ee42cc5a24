import { spawn } from 'node:child_process';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Executor } from './executor.js';
import { Lane, type LaneTraffic } from './lane.js';
import { LaneExecutor } from './lane-executor.js';

/** This machine, through the same lanes. */
export function connectLocal(host: string): Executor {
  const traffic: LaneTraffic = { bytesIn: 0, bytesOut: 0, processes: 0 };
  const lanes: Lane[] = [];
  return new LaneExecutor(host, {
    traffic,
    connectMs: 0,
    open() {
      const child = spawn('/bin/sh', [], { stdio: 'pipe' });
      traffic.processes += 1;
      const lane = new Lane(
        {
          stdin: child.stdin,
          stdout: child.stdout,
          stderr: child.stderr,
          end: () => child.stdin.end(),
          onGone: (listener) => child.once('close', listener).once('error', listener),
        },
        traffic,
        () => new LongshoreError('E_LANE', 'cannot start /bin/sh on this machine', { host }),
      );
      lanes.push(lane);
      return Promise.resolve(lane);
    },
    close() {
      for (const lane of lanes) lane.end();
      return Promise.resolve();
    },
  });
}
