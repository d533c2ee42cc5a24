import type { Scale } from './scale.js';
import { REFERENCE } from './tools.js';
import type { Cell, Workload } from './workloads.js';

/** A figure that the project wants to reach, and what came out. */
export interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly found: string;
  readonly isReached: boolean;
  /** what a client that costs nothing would reach on this machine, where sshd's own CPU time is the limit */
  readonly limit?: string;
}

const LOGIN_TOOLS = ['clush', 'pdsh', 'parallel-ssh'];
/** the network that peers are compared on where a target names none */
const RTTS = [0, 20, 100];

/** `cores` are those of the machine that was measured. */
export function targetsOf(cells: readonly Cell[], scale: Scale | null, cores: number): Target[] {
  const targets: Target[] = [];
  for (const rttMs of RTTS) {
    const at = (workload: Workload, tools: readonly string[], key: 'wallS' | 'cpuS', least: number): void => {
      for (const tool of tools) {
        const ratio = ratioOf(cells, workload, rttMs, tool, key);
        if (ratio === null) continue;
        targets.push({
          what: `${workload}, ${rttMs} ms: ${key === 'wallS' ? 'time' : 'controller CPU'} of ${tool}`,
          wanted: `${least} x`,
          found: `${ratio.toFixed(1)} x`,
          isReached: ratio >= least,
          ...(key === 'wallS' ? { limit: limitOf(cells, workload, rttMs, tool, cores) } : {}),
        });
      }
    };
    at('one command', LOGIN_TOOLS, 'wallS', 4);
    at('one command', LOGIN_TOOLS, 'cpuS', 10);
    at('dependent commands', [...LOGIN_TOOLS, 'ansible'], 'wallS', 10);
    at('reads', ['ssh, ControlMaster'], 'wallS', 20);
  }
  return scale === null ? targets : [...targets, ...scaleTargets(scale)];
}

function ratioOf(
  cells: readonly Cell[],
  workload: Workload,
  rttMs: number,
  tool: string,
  key: 'wallS' | 'cpuS',
): number | null {
  const [own, other] = pairOf(cells, workload, rttMs, tool);
  return own === undefined || other === undefined ? null : other[key] / own[key];
}

/** Longshore's cell and the other tool's. */
function pairOf(cells: readonly Cell[], workload: Workload, rttMs: number, tool: string): (Cell | undefined)[] {
  return [REFERENCE, tool].map((name) =>
    cells.find((cell) => cell.workload === workload && cell.rttMs === rttMs && cell.tool === name),
  );
}

/**
 * The other tool's time beside the time that the hosts' side of Longshore's work alone takes of this machine: sshd, and what the kernel counts under nobody's
 * name, since shells of connections that are kept end unwaited for.
 */
function limitOf(cells: readonly Cell[], workload: Workload, rttMs: number, tool: string, cores: number): string {
  const [own, other] = pairOf(cells, workload, rttMs, tool);
  if (own === undefined || other === undefined || own.hostCpuS === 0) return '';
  return `${(other.wallS / ((own.hostCpuS + own.otherCpuS) / cores)).toFixed(1)} x`;
}

function scaleTargets({ idle, simulated, single }: Scale): Target[] {
  const targets: Target[] = [];
  const slow = single.find(({ rttMs }) => rttMs === 100);
  if (slow !== undefined) {
    const ratio = slow.readsMs / (slow.connectMs + slow.roundTripMs);
    targets.push({
      what: `all reads of one host at 100 ms, against its connection and one round trip (${slow.connectMs.toFixed(0)} + ${slow.roundTripMs.toFixed(0)} ms)`,
      wanted: 'at most 1.3 x',
      found: `${ratio.toFixed(2)} x`,
      isReached: ratio <= 1.3,
    });
  }
  const kib = idle.bytesPerConnection / 1024;
  targets.push({
    what: `memory of an idle connection, ${idle.connections} of them`,
    wanted: 'under 100 KiB',
    found: `${kib.toFixed(0)} KiB`,
    isReached: kib < 100,
  });
  const [few, many] = [simulated[0], simulated.at(-1)];
  if (few !== undefined && many !== undefined) {
    const ratio = many.msPerHost / few.msPerHost;
    targets.push({
      what: `time per simulated host, ${many.hosts} against ${few.hosts} (${many.msPerHost.toFixed(1)} and ${few.msPerHost.toFixed(1)} ms)`,
      wanted: 'at most 1.2 x',
      found: `${ratio.toFixed(2)} x`,
      isReached: ratio <= 1.2,
    });
  }
  return targets;
}
