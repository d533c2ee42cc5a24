import type { ReadReply } from '../transport/executor.js';
import { readReply, type Fact, type Learnt } from './fact.js';
import { type Memory, parseMemory } from './free-memory.js';
import type { Unknown } from './storage-state.js';

/** What tells whether a host is fit for work on its storage, from files alone: no process starts. */
export interface HostHealth {
  /** of the lane's shell; null when unknown */
  readonly effectiveUid: number | null;
  readonly memory: Memory | null;
  /** share of the last 10 s in which some task waited for memory, percent; null on kernels without pressure information */
  readonly memoryStallPercent: number | null;
  /** pages swapped in and out since boot */
  readonly swappedPages: number | null;
  /** wall clock at boot, seconds since 1970, rounded down by the kernel */
  readonly bootedAtSeconds: number | null;
  /** seconds since boot that each processor gave to interrupts and to other guests: its task clock may be that much behind */
  readonly interruptedSeconds: ReadonlyMap<number, number>;
  /** bits of /proc/sys/kernel/tainted */
  readonly taint: number | null;
  /** tasks that the kernel's watchdog found hung since boot; null on kernels that do not count them */
  readonly hungTasks: number | null;
  readonly kernel: string;
  readonly identities: HostIdentities;
  /** seconds after which I/O of a lost session fails, as in force now, by session number */
  readonly recoveryTimeouts: ReadonlyMap<number, number>;
}

/** What should be no other host's; null when there is none. */
export interface HostIdentities {
  readonly machineId: string | null;
  readonly bootId: string | null;
  readonly hostNqn: string | null;
  readonly nvmeHostId: string | null;
}

const RECOVERY = '/sys/class/iscsi_session/session*/recovery_tmo';
const FILES = {
  status: '/proc/self/status',
  memory: '/proc/meminfo',
  pressure: '/proc/pressure/memory',
  vmstat: '/proc/vmstat',
  stat: '/proc/stat',
  taint: '/proc/sys/kernel/tainted',
  hung: '/proc/sys/kernel/hung_task_detect_count',
  kernel: '/proc/sys/kernel/osrelease',
  machineId: '/etc/machine-id',
  bootId: '/proc/sys/kernel/random/boot_id',
  hostNqn: '/etc/nvme/hostnqn',
  nvmeHostId: '/etc/nvme/hostid',
} as const;
/** without them nothing can be said; the others are not on every host */
const REQUIRED: readonly string[] = [FILES.status, FILES.memory, FILES.vmstat, FILES.stat];

export function hostHealthFact(): Fact<Learnt<HostHealth>> {
  return {
    requests: [{ kind: 'read', patterns: [...Object.values(FILES), RECOVERY] }],
    parse(replies) {
      const read = readReply(replies[0], '/proc');
      const health = parseHostHealth(read.value);
      return { value: health.value, unknowns: [...read.unknowns, ...health.unknowns] };
    },
  };
}

function parseHostHealth(read: ReadReply): Learnt<HostHealth> {
  const unknowns: Unknown[] = read.unreadable.map((subject) => ({ subject, reason: 'could not be read' }));
  for (const subject of REQUIRED) {
    if (!read.files.has(subject) && !read.unreadable.includes(subject))
      unknowns.push({ subject, reason: 'is not there' });
  }
  const text = (filePath: string): string => read.files.get(filePath) ?? '';
  const word = (filePath: string): string | null => text(filePath).trim() || null;
  const recoveryTimeouts = new Map<number, number>();
  for (const [filePath, content] of read.files) {
    const sid = /\/session(\d+)\/recovery_tmo$/.exec(filePath)?.[1];
    // The kernel shows `off` for a session whose I/O never fails.
    if (sid !== undefined) recoveryTimeouts.set(Number(sid), content.trim() === 'off' ? -1 : Number(content));
  }
  return {
    value: {
      effectiveUid: numberIn(text(FILES.status), /^Uid:\s+\d+\s+(\d+)/m),
      memory: parseMemory(text(FILES.memory)),
      memoryStallPercent: numberIn(text(FILES.pressure), /^some avg10=([\d.]+)/m),
      swappedPages: swappedPages(text(FILES.vmstat)),
      bootedAtSeconds: numberIn(text(FILES.stat), /^btime (\d+)$/m),
      interruptedSeconds: interruptedSeconds(text(FILES.stat)),
      taint: numberIn(text(FILES.taint), /^(\d+)$/),
      hungTasks: numberIn(text(FILES.hung), /^(\d+)$/),
      kernel: text(FILES.kernel).trim(),
      identities: {
        machineId: word(FILES.machineId),
        bootId: word(FILES.bootId),
        hostNqn: word(FILES.hostNqn),
        nvmeHostId: word(FILES.nvmeHostId),
      },
      recoveryTimeouts,
    },
    unknowns,
  };
}

/** A second look, some time after the first: what went on meanwhile, and what the clock was. No process starts. */
export interface SecondLook {
  readonly swappedPages: number | null;
  /** seconds since boot, sleep included */
  readonly uptimeSeconds: number | null;
}

export function secondLookFact(): Fact<SecondLook> {
  return {
    requests: [{ kind: 'read', patterns: ['/proc/uptime', FILES.vmstat] }],
    parse(replies) {
      const { files } = readReply(replies[0], '/proc').value;
      return {
        swappedPages: swappedPages(files.get(FILES.vmstat) ?? ''),
        uptimeSeconds: numberIn(files.get('/proc/uptime') ?? '', /^([\d.]+) /),
      };
    },
  };
}

/** irq, softirq and steal of each processor; procfs counts in hundredths of a second. */
function interruptedSeconds(stat: string): Map<number, number> {
  const rows = stat.matchAll(/^cpu(\d+)(?: \d+){5} (\d+) (\d+) (\d+)/gm);
  return new Map(
    [...rows].map(([, cpu, ...ticks]) => [Number(cpu), ticks.reduce((sum, one) => sum + Number(one), 0) / 100]),
  );
}

function swappedPages(vmstat: string): number | null {
  const [pagesIn, pagesOut] = [numberIn(vmstat, /^pswpin (\d+)$/m), numberIn(vmstat, /^pswpout (\d+)$/m)];
  return pagesIn === null || pagesOut === null ? null : pagesIn + pagesOut;
}

function numberIn(text: string, pattern: RegExp): number | null {
  const found = pattern.exec(text)?.[1];
  const value = found === undefined ? NaN : Number(found);
  return Number.isFinite(value) ? value : null;
}
