import type { FleetHost, HostTask } from './run-host.js';

const KERNEL_FILE = '/proc/sys/kernel/osrelease';

/**
 * Reaches the host, opens a lane and times one round trip on it. What the host is costs one `uname`: the machine's
 * architecture is in no file before Linux 6.1.
 */
export function pingTask<H extends FleetHost>(): HostTask<H> {
  return async (_host, { executor, deadline }) => {
    // the first requests pay for opening the lane; the one after them is the round trip that is timed
    const [files, uname] = await executor.sequence(deadline, [
      { kind: 'read', patterns: [KERNEL_FILE] },
      { kind: 'run', argv: ['uname', '-m'], readOnly: true, timeoutMs: 10_000 },
    ]);
    const began = performance.now();
    await executor.sequence(deadline, [{ kind: 'list', patterns: ['/'] }]);
    const latencyMs = performance.now() - began;
    return {
      outcome: 'ok',
      ping: {
        connectMs: executor.counters().connectMs,
        latencyMs,
        kernel: files.kind === 'read' ? (files.files.get(KERNEL_FILE) ?? '') : '',
        architecture: uname.kind === 'run' && uname.ok ? uname.stdout.trim() : '',
      },
    };
  };
}
