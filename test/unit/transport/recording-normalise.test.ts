import { describe, expect, it } from 'vitest';
import { normaliseTrace } from '../../../src/transport/recording/normalise-trace.js';
import type { Trace, TraceReply } from '../../../src/transport/recording/trace-format.js';

/** The same work as two hosts might have shown it. */
function trace(names: {
  sid: number;
  host: number;
  disk: string;
  dev: string;
  dm: number;
  pid: number;
  run: string;
  ms: number;
}): Trace {
  const { sid, host, disk, dev, dm, pid, run, ms } = names;
  const unit = `/sys/class/iscsi_session/session${sid}/device/target${host}:0:0/${host}:0:0:1`;
  const replies: TraceReply[] = [
    { kind: 'lock', ok: false, holder: `longshore run ${run} since 2026-11-23T0${ms % 10}:00:00Z` },
    {
      kind: 'read',
      ok: true,
      files: {
        [`${unit}/block/${disk}/dev`]: dev,
        [`/sys/class/iscsi_connection/connection${sid}:0/address`]: '10.1.0.1',
        [`/sys/block/dm-${dm}/dev`]: `254:${dm}`,
      },
      unreadable: [],
    },
    {
      kind: 'run',
      ok: true,
      exit: 0,
      stdout: `0 multipath ${dev} A 0\n254|${dm}|1|mpath-3600\n${pid} 254:${dm} /srv/data ext4 /dev/dm-${dm}\n1 8:1 / ext4 /dev/root\n`,
      stderr: `Logging out of session [sid: ${sid}, target: iqn.2010-10.org.example:target7, portal: 10.1.0.1,3260]`,
      timedOut: false,
      truncated: false,
    },
  ];
  return {
    host: 'web01',
    lines: [
      { connection: 1, ms },
      {
        sequence: 1,
        connection: 1,
        turn: 1,
        ms,
        requests: [
          { kind: 'lock', name: 'host', owner: `longshore run ${run}`, waitMs: 30_000 },
          { kind: 'read', patterns: [`/sys/class/scsi_host/host${host}/*`, `/sys/block/${disk}/${disk}*/holders/*`] },
          { kind: 'run', argv: ['iscsiadm', '-m', 'session', '-r', String(sid), '--logout'], timeoutMs: 5 },
        ],
        replies,
      },
      { closed: 1, counters: { roundTrips: 1, remoteProcesses: 2, bytesIn: ms, bytesOut: ms, connectMs: ms } },
    ],
  };
}

const one = trace({
  sid: 57,
  host: 9,
  disk: 'sdq',
  dev: '65:0',
  dm: 3,
  pid: 777,
  run: '20261123-071430-5f0c9a1e',
  ms: 3,
});
const two = trace({
  sid: 1,
  host: 0,
  disk: 'sda',
  dev: '8:0',
  dm: 0,
  pid: 1001,
  run: '20270101-000000-00000000',
  ms: 7,
});

describe('normalising', () => {
  it('makes the same of the same work on other names', () => {
    expect(normaliseTrace(one).trace).toEqual(normaliseTrace(two).trace);
  });

  it('leaves alone what is the same everywhere', () => {
    const text = JSON.stringify(normaliseTrace(one).trace);
    for (const kept of ['iqn.2010-10.org.example:target7', '10.1.0.1,3260', '1 8:1 / ext4', '"timeoutMs":5']) {
      expect(text).toContain(kept);
    }
    expect(text).toContain('["iscsiadm","-m","session","-r","1","--logout"]');
    expect(text).not.toMatch(/session57|sdq|65:0|777|20261123|2026-11/);
  });

  it('changes nothing the second time, and tells what was what', () => {
    const { trace: normal, names } = normaliseTrace(one);
    expect(normaliseTrace(normal).trace).toEqual(normal);
    expect(Object.fromEntries(names)).toEqual({
      session1: 'session57',
      host0: 'host9',
      sda: 'sdq',
      'dm-0': 'dm-3',
      'process 1001': 'process 777',
    });
  });
});
