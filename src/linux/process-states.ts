import type { LaneReply } from '../transport/executor.js';
import { runOutput, type Fact, type Learnt } from './fact.js';
import type { Unknown } from './storage-state.js';

export interface BlockedTask {
  readonly pid: number;
  /** as the kernel knows it: at most 15 characters, chosen by the program */
  readonly name: string;
  /** what its processor's task clock was when it ran last, in seconds; null when the kernel does not say */
  readonly ranAtSeconds: number | null;
  /** number of the processor that it ran on last */
  readonly processor: number;
  /** the kernel's function in which it sleeps; null when the kernel does not say */
  readonly sleepsIn: string | null;
}

export interface ProcessStates {
  /** processes in uninterruptible sleep (state D) at this moment, kernel threads too */
  readonly blocked: readonly BlockedTask[];
  readonly iscsidRuns: boolean;
}

/**
 * One awk reads every /proc/PID/stat and prints those in state D, with the time at which each last ran (`se.exec_start` of /proc/PID/sched, in
 * milliseconds; not every kernel has it) and where in the kernel it sleeps, and a line when iscsid is among the processes. A name may hold
 * anything, so it comes last. On one line: as an expression of sudoers, each line end would take 13 of sudo's 1,024 characters.
 */
const PROGRAM = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    if ((getline line < ARGV[i]) <= 0) continue;
    close(ARGV[i]); read++;
    pid = line; sub(/ .*/, "", pid);
    rest = line; sub(/.*\\) /, "", rest); state = substr(rest, 1, 1);
    name = substr(line, length(pid) + 3, length(line) - length(pid) - length(rest) - 4);
    if (name == "iscsid") print "iscsid";
    if (state != "D") continue;
    ran = "-"; sched = "/proc/" pid "/sched";
    while ((getline field < sched) > 0) if (field ~ /^se\\.exec_start/) { ran = field; sub(/.*: */, "", ran) };
    close(sched);
    where = "-"; wchan = "/proc/" pid "/wchan";
    if ((getline where < wchan) <= 0 || where == "0" || where == "") where = "-";
    close(wchan);
    split(rest, part, " ");
    print "D", pid, ran, part[37] + 0, where, name
  };
  print "end", read + 0
}`.replaceAll(/\n */g, ' ');

export function processStatesFact(): Fact<Learnt<ProcessStates | null>> {
  return {
    requests: [
      {
        kind: 'run',
        argv: ['awk', PROGRAM],
        globs: ['/proc/[0-9]*/stat'],
        boundsItself: true,
        okExits: 'any',
        readOnly: true,
      },
    ],
    parse: (replies) => parseProcessStates(replies[0]),
  };
}

function parseProcessStates(reply: LaneReply | undefined): Learnt<ProcessStates | null> {
  const { value: run, unknowns } = runOutput(reply, 'processes');
  if (run === null) return { value: null, unknowns };
  const notes: Unknown[] = [];
  const blocked: BlockedTask[] = [];
  let iscsidRuns = false;
  let complete = false;
  for (const line of run.stdout.split('\n')) {
    if (line === '') continue;
    const [, pid, ranAt, cpu, where, name] =
      /^D (\d{1,10}) (-|[\d.]{1,20}) (\d{1,5}) ([\w.]{1,80}|-) (.*)$/.exec(line) ?? [];
    if (line === 'iscsid') iscsidRuns = true;
    else if (/^end [1-9]\d*$/.test(line)) complete = true;
    else if (pid !== undefined && name !== undefined) {
      const ranAtSeconds = ranAt === undefined || ranAt === '-' ? null : Number(ranAt) / 1000;
      const sleepsIn = where === undefined || where === '-' ? null : where;
      blocked.push({ pid: Number(pid), name, ranAtSeconds, processor: Number(cpu), sleepsIn });
    } else notes.push({ subject: 'processes', reason: `unexpected line ${JSON.stringify(line.slice(0, 80))}` });
  }
  if (!complete) notes.push({ subject: 'processes', reason: 'were not read to the end' });
  return { value: { blocked, iscsidRuns }, unknowns: notes };
}
