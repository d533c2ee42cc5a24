import type { LaneReply } from '../transport/executor.js';
import { runOutput, type Fact, type Learnt } from './fact.js';
import type { Mount, Unknown } from './storage-state.js';

/** Before the files: print only mounts of the devices whose `dev` and `dm/name` are among the files, and those that may be. */
const SCOPED = 'scoped';

/**
 * Prints each mount of a device once, whatever number of processes see it, as `PID MAJOR:MINOR MOUNTPOINT FSTYPE SOURCE` (escaped by the
 * kernel, so without blanks), and at the end how many processes there were and whether process 1 was read. At most 16 mount points
 * of one device: container hosts bind-mount theirs thousands of times. A process whose first line another one has had sees the same mounts, for
 * numbers of mounts are unique on a host: the rest is not read again. Whether a mount is another device's is told by its device number, and where a
 * file system has one of its own (btrfs) by its source; a source of an unknown form counts as ours. `getline` and not `awk FILE...`: processes come and go, and
 * mawk gives up at the first file that it cannot open.
 */
const PROGRAM = `BEGIN {
  for (i = 1; i < ARGC; i++) {
    f = ARGV[i]; o = 0; k = split(f, p, "/"); pid = p[3];
    if (f == "scoped") s = 1;
    else if (p[2] == "sys") { if ((getline l < f) > 0) own[l] = own[p[k - 1]] = 1 }
    else while ((getline l < f) > 0) {
      if (!o++ && first[l]++) break;
      if (line[l]++) continue;
      n = split(l, a, " ");
      for (d = 7; d <= n && a[d] != "-"; d++) ;
      t = a[d + 2]; k = split(t, b, "/");
      if (index(a[3], "0:") == 1 && index(t, "/") != 1) continue;
      if (s && !(a[3] in own) && !index(t, "\\134") && (k == 3 || k == 4 && b[3] == "mapper") && !(b[k] in own)) continue;
      m = a[3] " " a[5] " " a[d + 1] " " t;
      if (seen[m]++ || count[a[3] " " t]++ >= 16) continue;
      print pid, m
    };
    close(f);
    if (o) { r++; if (pid == 1) init = 1 }
  };
  print "end", r + 0, init + 0
}`.replaceAll(/\n */g, ' ');

/**
 * Mounts of devices in all mount namespaces; one process. Containers and services have mounts that the host's list lacks (D11). `within`: a pattern for
 * the sysfs directories of the block devices that matter, such as `{block}`.
 */
export function mountsFact(within?: string): Fact<Learnt<readonly Mount[]>> {
  const devices = within === undefined ? [] : [`${within}/dev`, `${within}/dm/name`];
  return {
    requests: [
      {
        kind: 'run',
        argv: ['awk', PROGRAM, ...(within === undefined ? [] : [SCOPED])],
        globs: [...devices, '/proc/[0-9]*/mountinfo'],
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
