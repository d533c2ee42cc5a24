import type { LaneReply, LaneRequest, ReadReply } from '../transport/executor.js';
import { listedPaths, readReply, runOutput, type Fact, type Learnt } from './fact.js';
import { parseMultipathStatus, unmangled, type MapPath } from './dm-status.js';
import type { DmDevice, Unknown } from './storage-state.js';
import { sysfsTree } from './sysfs-tree.js';
import { wwidOrNull } from './wwid.js';

const FILES = ['dev', 'size', 'ro', 'dm/name', 'dm/uuid', 'dm/suspended'];
const ALL_DM = '/sys/block/dm-*';
// The uuid comes last: it may contain anything, also the separator.
const INFO_ARGV = ['dmsetup', 'info', '-c', '--noheadings', '--separator', '|', '-o', 'major,minor,open,uuid'];
// --noflush: asking for the status of a thin pool would otherwise make it commit.
const STATUS_ARGV = ['dmsetup', 'status', '--noflush', '--target', 'multipath'];

export interface DmFactOptions {
  /** one dmsetup process; without it `openCount` is null, and an unknown says so */
  readonly withOpenCounts: boolean;
  /** one dmsetup process; without it `mapPaths` is null */
  readonly withMapPaths: boolean;
  /** a pattern for the devices that matter, such as `{map}`; paths may lead to them through their members. Default: all of the host */
  readonly within?: string;
}

/** Device-mapper devices from sysfs; their open counts and the state of their paths from dmsetup. */
export function dmDevicesFact({
  withOpenCounts,
  withMapPaths,
  within,
}: DmFactOptions): Fact<Learnt<readonly DmDevice[]>> {
  const devices = within ?? ALL_DM;
  const ask = (argv: readonly string[]): LaneRequest => ({
    kind: 'run',
    argv,
    // without any dm device, dmsetup has nothing to say
    when: [within === undefined ? ALL_DM : `${within}/dm`],
    ...(within === undefined ? {} : { contentsOf: [`${within}/dm/name`] }),
    boundsItself: true,
    okExits: 'any',
    readOnly: true,
  });
  return {
    requests: [
      { kind: 'list', patterns: [`${devices}/slaves/*`, `${devices}/holders/*`] },
      { kind: 'read', patterns: FILES.map((name) => `${devices}/${name}`) },
      ...(withOpenCounts ? [ask(INFO_ARGV)] : []),
      ...(withMapPaths ? [ask(STATUS_ARGV)] : []),
    ],
    parse([listReply, readRequestReply, ...asked]) {
      const listed = listedPaths(listReply, ALL_DM);
      const read = readReply(readRequestReply, ALL_DM);
      const info = withOpenCounts ? asked[0] : undefined;
      const status = withMapPaths ? { reply: asked[withOpenCounts ? 1 : 0] } : null;
      const parsed = parseDmDevices(inBlock(read.value), listed.value.map(blockPath), info, status);
      return { value: parsed.value, unknowns: [...listed.unknowns, ...read.unknowns, ...parsed.unknowns] };
    },
  };
}

/** A path to a dm device by way of what it holds, as the path in /sys/block. */
function blockPath(path: string): string {
  return path.replace(/^.*\/holders\/(?=dm-\d+\/)/, '/sys/block/');
}

function inBlock({ files, unreadable, ...rest }: ReadReply): ReadReply {
  const moved = [...files].map(([path, content]) => [blockPath(path), content] as const);
  return { ...rest, files: new Map(moved), unreadable: unreadable.map(blockPath) };
}

/** Without any dm device, a host without dmsetup has nothing that is unknown. */
function parseDmDevices(
  read: ReadReply,
  listed: readonly string[],
  infoReply: LaneReply | undefined,
  asked: { readonly reply: LaneReply | undefined } | null,
): Learnt<readonly DmDevice[]> {
  const tree = sysfsTree(read, listed);
  const names = tree.children('/sys/block').filter((name) => /^dm-\d+$/.test(name));
  if (names.length === 0) return { value: [], unknowns: [] };

  const info = openCounts(infoReply);
  const maps = names.filter((name) => tree.text(`/sys/block/${name}/dm/uuid`)?.startsWith('mpath-'));
  const only = maps.length === 1 ? (tree.text(`/sys/block/${maps[0]}/dm/name`) ?? undefined) : undefined;
  const status = asked === null ? null : mapPaths(asked.reply, only);
  tree.unknowns.push(...info.unknowns, ...(status?.unknowns ?? []));
  const value = names.map((name): DmDevice => {
    const directory = `/sys/block/${name}`;
    const dev = tree.dev(directory);
    const dmName = tree.required(`${directory}/dm/name`) ?? '';
    const dmUuid = tree.required(`${directory}/dm/uuid`) ?? '';
    const isMap = dmUuid.startsWith('mpath-');
    const mapWwid = isMap ? wwidOrNull(dmUuid.slice('mpath-'.length)) : null;
    if (isMap && mapWwid === null) tree.unknowns.push({ subject: `${directory}/dm/uuid`, reason: 'holds no WWID' });
    const counted = info.value.get(dev);
    // Another uuid: the number went to another device between the two looks.
    const openCount = counted?.uuid === unmangled(dmUuid) ? counted.open : null;
    if (openCount === null) tree.unknowns.push({ subject: directory, reason: 'its open count is not known' });
    const paths = status === null ? null : isMap ? status.value.get(unmangled(dmName)) : [];
    if (paths === undefined) tree.unknowns.push({ subject: directory, reason: 'the state of its paths is not known' });
    return {
      name,
      dev,
      dmName,
      dmUuid,
      mapWwid,
      // When in doubt it is: nothing can be flushed through a suspended device.
      suspended: tree.flag(`${directory}/dm/suspended`, true),
      sizeBytes: tree.sizeBytes(directory),
      readOnly: tree.flag(`${directory}/ro`, false),
      slaves: tree.children(`${directory}/slaves`),
      holders: tree.children(`${directory}/holders`),
      openCount,
      mapPaths: paths === undefined ? [] : paths,
    };
  });
  return { value, unknowns: tree.unknowns };
}

/** By major:minor. `No devices found` and other lines that are no record are noted, except that one. */
function openCounts(
  reply: LaneReply | undefined,
): Learnt<Map<string, { readonly open: number; readonly uuid: string }>> {
  const { value: run, unknowns } = runOutput(reply, 'dmsetup info');
  const value = new Map<string, { open: number; uuid: string }>();
  const notes: Unknown[] = [...unknowns];
  for (const line of lines(run?.stdout)) {
    const record = /^\s*(\d+)\|\s*(\d+)\|\s*(\d+)\|(.*)$/.exec(line);
    if (record === null)
      notes.push({ subject: 'dmsetup info', reason: `unexpected line ${JSON.stringify(line.slice(0, 80))}` });
    else value.set(`${record[1]}:${record[2]}`, { open: Number(record[3]), uuid: unmangled(record[4] ?? '') });
  }
  return { value, unknowns: notes };
}

/** By dm name, unmangled. A dmsetup that was given names does not repeat them: then the only map there is, is meant. */
function mapPaths(reply: LaneReply | undefined, only: string | undefined): Learnt<Map<string, readonly MapPath[]>> {
  const { value: run, unknowns } = runOutput(reply, 'dmsetup status');
  const value = new Map<string, readonly MapPath[]>();
  const notes: Unknown[] = [...unknowns];
  for (const line of lines(run?.stdout)) {
    const record = /^(?:(.*): )?\d+ \d+ multipath (.*)$/.exec(line);
    const name = record?.[1] ?? only;
    const paths = record === null || name === undefined ? null : parseMultipathStatus(record[2] ?? '');
    if (paths === null || name === undefined)
      notes.push({ subject: 'dmsetup status', reason: `unexpected line ${JSON.stringify(line.slice(0, 80))}` });
    else value.set(unmangled(name), paths);
  }
  return { value, unknowns: notes };
}

function lines(text: string | undefined): string[] {
  return (text ?? '').split('\n').filter((line) => line.trim() !== '' && line !== 'No devices found');
}
