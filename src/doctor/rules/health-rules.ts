import { NEEDED_TOOLS } from '../../linux/installed-tools.js';
import type { BlockedTask } from '../../linux/process-states.js';
import type { HostFacts } from '../host-facts.js';
import type { HostRule } from '../rule.js';
import { defectsOf } from './known-defects.js';

const LEAST_MEMORY_PERCENT = 5;
const MEMORY_STALL_PERCENT = 10;
/** seconds; a write-back of a busy disk puts tasks into state D for less */
const BLOCKED_SECONDS = 10;
/** seconds; what the kernel's own watchdog calls hung */
const HUNG_SECONDS = 120;
const CLOCK_OFF_MS = 2_000;
/** bits of /proc/sys/kernel/tainted that tell of a fault, not of what was loaded */
const FAULTS: readonly (readonly [bit: number, what: string])[] = [
  [4, 'a machine check (hardware) happened'],
  [7, 'the kernel died in a task (oops)'],
  [14, 'a processor was locked up'],
];

/**
 * Seconds since it ran last, at least; null when the kernel does not say. The clock of tasks stands still while its processor serves interrupts or
 * other guests, on most kernels, so all of that time is taken off: after months it is hours.
 */
function blockedFor({ ranAtSeconds, processor }: BlockedTask, { uptimeSeconds, health }: HostFacts): number | null {
  const behind = health.interruptedSeconds.get(processor);
  if (ranAtSeconds === null || uptimeSeconds === null || behind === undefined) return null;
  return Math.max(0, uptimeSeconds - behind - ranAtSeconds);
}

function blockedTasks(facts: HostFacts, isLong: (seconds: number | null) => boolean): string[] {
  return (facts.processes?.blocked ?? [])
    .map((task) => ({ task, time: blockedFor(task, facts) }))
    .filter(({ time }) => isLong(time))
    .map(({ task, time }) => {
      const how = time === null ? 'an unknown time' : `${Math.round(time)} s`;
      return `${task.name} (pid ${task.pid}) in state D for ${how}`;
    });
}

export const HEALTH_RULES: readonly HostRule[] = [
  {
    id: 'not-root',
    severity: 'problem',
    reads: '/proc/self/status of the shell on the host',
    when: 'it is not root',
    reason:
      'iscsiadm, multipathd and dmsetup want root: an attach would fail, and much of this report cannot be known.',
    instead: '--become, or ansible_become: true in the inventory; the user needs a sudo rule for a root shell',
    source: 'os-brick runs the same commands as root',
    find: ({ health }) =>
      health.effectiveUid === null || health.effectiveUid === 0 ? [] : [`the user has number ${health.effectiveUid}`],
  },
  {
    id: 'tool-missing',
    severity: 'problem',
    reads: 'programs in /usr/sbin, /usr/bin, /sbin, /bin and /lib/udev',
    when: 'one that Longshore runs is not there',
    reason: 'Attach or detach fails half way without it.',
    instead: 'install the package that is named',
    source: 'the commands that attach and detach run',
    find: ({ tools }) =>
      NEEDED_TOOLS.filter(({ name }) => !tools.has(name)).map(
        ({ name, debian, redHat }) => `${name} (Debian: ${debian}; Red Hat: ${redHat})`,
      ),
  },
  {
    id: 'tool-defect',
    severity: 'notice',
    reads: '`iscsiadm --version`, `multipath -h`',
    when: 'a version before the one that fixed a defect which concerns attach or detach',
    reason:
      'The defect bites in rare states. Distributions carry fixes back without changing the version: look at the changelog.',
    instead: 'the version that is named, or a package with the fix',
    source: 'release notes of the tools; incidents D6, A16, B17, A19',
    find: ({ versions }) => defectsOf(versions),
  },
  {
    id: 'memory-low',
    severity: 'warning',
    reads: 'MemAvailable and MemTotal of /proc/meminfo',
    when: `less than ${LEAST_MEMORY_PERCENT} % available`,
    reason: 'Flushing a map under memory pressure takes minutes, or never ends. Do not detach now.',
    instead: 'free memory first',
    source: 'incident B5; Red Hat: remove no device with less than 5 % free',
    find: ({ health: { memory } }) => {
      const percent = memory === null ? 100 : (100 * memory.availableKiB) / Math.max(1, memory.totalKiB);
      return percent < LEAST_MEMORY_PERCENT ? [`${percent.toFixed(1)} % of memory available`] : [];
    },
  },
  {
    id: 'memory-pressure',
    severity: 'warning',
    reads: '/proc/pressure/memory; pswpin and pswpout of /proc/vmstat, twice',
    when: `pages were swapped between two looks, or tasks waited for memory more than ${MEMORY_STALL_PERCENT} % of the last 10 s`,
    reason: 'Flushing a map while the host swaps takes minutes, or never ends. Do not detach now.',
    instead: 'free memory first',
    source: 'incident B5; Red Hat: remove no device while the host swaps',
    find: ({ health, swappedPages }) => [
      ...(swappedPages !== null && swappedPages > 0 ? ['it is swapping'] : []),
      ...((health.memoryStallPercent ?? 0) > MEMORY_STALL_PERCENT
        ? [`tasks waited for memory ${health.memoryStallPercent} % of the last 10 s`]
        : []),
    ],
  },
  {
    id: 'task-hung',
    severity: 'problem',
    reads: '/proc/PID/stat of all processes; se.exec_start of those in state D; interrupts and steal in /proc/stat',
    when: `in state D for ${HUNG_SECONDS} s or more`,
    reason: 'Its I/O does not come back, and nothing can kill it. What touches the same device hangs as well.',
    instead: 'find the device that it waits for (/proc/PID/stack) and bring its paths back',
    source: 'incidents D1 to D6',
    find: (facts) => blockedTasks(facts, (time) => time !== null && time >= HUNG_SECONDS),
  },
  {
    id: 'task-blocked',
    severity: 'warning',
    reads: 'the same',
    when: `in state D for ${BLOCKED_SECONDS} to ${HUNG_SECONDS} s, or for a time that the kernel does not tell`,
    reason: 'It waits for I/O longer than a healthy disk takes.',
    instead: 'look again in a minute; then as for task-hung',
    source: 'incidents D1 to D6',
    find: (facts) => blockedTasks(facts, (time) => time === null || (time >= BLOCKED_SECONDS && time < HUNG_SECONDS)),
  },
  {
    id: 'kernel-hung-tasks',
    severity: 'notice',
    reads: '/proc/sys/kernel/hung_task_detect_count (newer kernels)',
    when: 'more than 0',
    reason: 'Since it started, the kernel has seen tasks hang for two minutes.',
    instead: 'read `dmesg | grep "blocked for more than"`',
    source: 'incidents D1 to D6',
    find: ({ health }) => ((health.hungTasks ?? 0) > 0 ? [`${health.hungTasks} hung tasks since boot`] : []),
  },
  {
    id: 'kernel-fault',
    severity: 'warning',
    reads: '/proc/sys/kernel/tainted',
    when: 'one of the bits for an oops, a lock-up or a machine check',
    reason: 'After that the kernel may hold locks for ever: a detach may hang.',
    instead: 'read dmesg; move the work away and restart the host',
    source: 'incidents D1, D4',
    find: ({ health }) =>
      FAULTS.filter(([bit]) => Math.floor((health.taint ?? 0) / 2 ** bit) % 2 === 1).map(([, what]) => what),
  },
  {
    id: 'clock-off',
    severity: 'warning',
    reads:
      "btime of /proc/stat and /proc/uptime, timed by the controller; the round trip and the kernel's whole second are the error",
    when: `surely more than ${CLOCK_OFF_MS / 1000} s beside the controller's clock`,
    reason: "Times in logs, journals and evidence of this host cannot be set beside the others'.",
    instead: 'let chrony or systemd-timesyncd run',
    source: 'evidence and journals are compared by time: rules S15, S22',
    find: ({ clock }) => {
      if (clock === null || Math.abs(clock.offsetMs) - clock.errorMs <= CLOCK_OFF_MS) return [];
      const seconds = (ms: number): string => (Math.abs(ms) / 1000).toFixed(1);
      return [`${seconds(clock.offsetMs)} s ${clock.offsetMs > 0 ? 'fast' : 'slow'} (± ${seconds(clock.errorMs)} s)`];
    },
  },
  {
    id: 'cannot-tell',
    severity: 'warning',
    reads: 'everything',
    when: 'something is there that could not be read or makes no sense',
    reason: 'What cannot be read is not known to be well; a detach may refuse because of it.',
    instead: 'look at the file or command that is named',
    source: 'rule S35: unknown is a state',
    find: ({ unknowns }) => unknowns.map(({ subject, reason }) => `${subject}: ${reason}`),
  },
];
