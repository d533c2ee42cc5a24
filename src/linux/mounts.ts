import type { LaneReply } from '../transport/executor.js';
import { runOutput, type Fact, type Learnt } from './fact.js';
import type { Mount, Unknown } from './storage-state.js';

/**
 * Prints each mount of a device once, whatever number of processes see it, as `PID MAJOR:MINOR MOUNTPOINT FSTYPE SOURCE` (escaped by the
 * kernel, so without blanks), and at the end how many processes there were and whether process 1 was read. At most 16 mount points
 * of one device: container hosts bind-mount theirs thousands of times. `getline` and not `awk FILE...`: processes come and go, and
 * mawk gives up at the first file that it cannot open.
 */
const PROGRAM = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    file = ARGV[i]; opened = 0; split(file, part, "/"); pid = part[3]
    while ((getline line < file) > 0) {
      opened = 1
      if (line in lines) continue
      lines[line] = 1
      n = split(line, f, " ")
      for (dash = 7; dash <= n && f[dash] != "-"; dash++) ;
      if (f[3] ~ /^0:/ && f[dash + 2] !~ /^\\//) continue
      mount = f[3] " " f[5] " " f[dash + 1] " " f[dash + 2]
      if (seen[mount]++ || count[f[3] " " f[dash + 2]]++ >= 16) continue
      print pid, mount
    }
    close(file)
    if (opened) { processes++; if (pid == 1) init = 1 }
  }
  print "end", processes + 0, init + 0
}`;

/** Mounts of devices in all mount namespaces; one process. Containers and services have mounts that the host's list lacks (D11). */
export function mountsFact(): Fact<Learnt<readonly Mount[]>> {
  return {
    requests: [
      {
        kind: 'run',
        argv: ['awk', PROGRAM],
        globs: ['/proc/[0-9]*/mountinfo'],
        boundsItself: true,
        okExits: 'any',
        readOnly: true,
      },
    ],
    parse: (replies) => parseMounts(replies[0]),
  };
}

export function parseMounts(reply: LaneReply | undefined): Learnt<readonly Mount[]> {
  const { value: run, unknowns } = runOutput(reply, 'mounts');
  if (run === null) return { value: [], unknowns };
  const value: Mount[] = [];
  const notes: Unknown[] = [];
  let complete = false;
  for (const line of run.stdout.split('\n')) {
    if (line === '') continue;
    const end = /^end (\d+) ([01])$/.exec(line);
    const mount = mountOf(line);
    if (end !== null) complete = Number(end[1]) > 0 && end[2] === '1';
    else if (mount !== null) value.push(mount);
    else notes.push({ subject: 'mounts', reason: `unexpected line ${JSON.stringify(line.slice(0, 80))}` });
  }
  if (!complete) notes.push({ subject: 'mounts', reason: "the host's own mounts could not be read to the end" });
  return { value, unknowns: notes };
}

function mountOf(line: string): Mount | null {
  const [, pid, dev, mountPoint, fsType, source] = /^(\d+) (\d+:\d+) (\/\S*) (\S+) (\S+)$/.exec(line) ?? [];
  if (dev === undefined || mountPoint === undefined || fsType === undefined || source === undefined) return null;
  const mount = { dev, source: unescapeOctal(source), mountPoint: unescapeOctal(mountPoint), fsType };
  return pid === '1' ? mount : { ...mount, pid: Number(pid) };
}

/** procfs writes blanks, backslashes and `#` in paths as \NNN. */
export function unescapeOctal(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
}
