import { spawn } from 'node:child_process';
import { LongshoreError } from '../errors/longshore-error.js';
import type { Executor } from './executor.js';
import { Lane, type LaneTraffic } from './lane.js';
import { LaneExecutor } from './lane-executor.js';

export interface LocalOptions {
  /** the shell and its arguments; it must read commands from stdin. Default ['/bin/sh'] */
  readonly shell?: readonly string[];
}

/** This machine, through the same lanes. */
export function connectLocal(host: string, options: LocalOptions = {}): Executor {
  const traffic: LaneTraffic = { bytesIn: 0, bytesOut: 0, processes: 0 };
  const [program = '/bin/sh', ...args] = options.shell ?? [];
  return new LaneExecutor(host, {
    traffic,
    connectMs: 0,
    open() {
      const child = spawn(program, args, { stdio: 'pipe' });
      const lane = new Lane(
        {
          stdin: child.stdin,
          stdout: child.stdout,
          stderr: child.stderr,
          end() {
            child.stdin.end();
            // with nobody at the other end of its output the shell starts nothing more
            child.stdout.destroy();
            child.stderr.destroy();
            child.unref();
          },
          onGone: (listener) => child.once('close', () => listener('ended')).once('error', () => listener('ended')),
        },
        traffic,
        {
          host,
          endedEarly: (noise) =>
            new LongshoreError('E_LANE', `cannot use ${program} on this machine${said(noise)}`, { host }),
        },
      );
      return Promise.resolve(lane);
    },
    close: () => Promise.resolve(),
  });
}

function said(noise: string): string {
  const line = noise.trim().split('\n').at(-1)?.trim() ?? '';
  return line === '' ? '' : `: ${line}`;
}
