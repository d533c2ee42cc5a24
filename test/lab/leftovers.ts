import { setTimeout as sleep } from 'node:timers/promises';
import { RECORD_MARKS } from '../../src/linux/node-records.js';
import type { Guest } from './guest.js';
import type { Lab } from './lab.js';
import { createTarget } from './more-targets.js';
import { runScript, TARGET_IQN } from './target-portal.js';
import { createVolume, exportTo, remap, unmap, type Volume } from './target.js';

/** Targets beside the array's own: one to which a session of Longshore's is left, one that is somebody else's. */
export const OURS = 'iqn.2026-01.test.longshore:ours';
export const THEIRS = 'iqn.2026-01.test.longshore:theirs';
const GONE = 'iqn.2026-01.test.longshore:gone';
const [FIRST, SECOND] = ['10.1.0.1:3260', '10.2.0.1:3260'] as const;
const NOWHERE = '10.9.9.9:3260';
/** an emulated guest looks long at each disk that comes */
const PLANT_MS = 240_000;

/** Volumes that a client has attached, by what becomes of them. */
export type PlantedVolumes = Readonly<Record<(typeof NAMES)[number], Volume>>;
const NAMES = ['dead', 'remapped', 'busy', 'held'] as const;

/** Attaches them by hand, LUNs 1 to 4 of the array's own target, two paths each. */
export async function attachPlantedVolumes(lab: Lab, client: Guest): Promise<PlantedVolumes> {
  const volumes: [string, Volume][] = [];
  for (const [index, name] of NAMES.entries()) {
    const volume = await createVolume(lab.target, { name, sizeMiB: 64, lun: index + 1 });
    await exportTo(lab.target, volume, client.initiatorName);
    volumes.push([name, volume]);
  }
  const maps = volumes.map(([, { wwid }]) => wwid).join(' ');
  await runScript(
    client,
    `${FUNCTIONS}
     for portal in ${lab.portals.join(' ')}; do record ${TARGET_IQN} $portal -n node.startup -v manual; done
     iscsiadm -m node -T ${TARGET_IQN} --login >/dev/null
     for map in ${maps}; do until [ -e /dev/mapper/$map ] && [ "$(disks $map | wc -l)" = 2 ]; do sleep 0.2; done; done`,
    PLANT_MS,
  );
  return Object.fromEntries(volumes) as PlantedVolumes;
}

/** Leaves one of each kind on a client that has the volumes attached. Gives the names under which a sweep is to find them. */
export async function plantLeftovers(lab: Lab, client: Guest, volumes: PlantedVolumes): Promise<readonly string[]> {
  const { dead, remapped } = volumes;
  const ours = await createVolume(lab.target, { name: 'ours', sizeMiB: 16, lun: 10 });
  await createTarget(lab.target, { iqn: OURS, portals: [FIRST] }, ours, client.initiatorName);
  const luks = 'cryptsetup -q --type luks2 --key-file=-';
  const stdout = await runScript(
    client,
    `${FUNCTIONS}
     # LUKS on a map
     echo secret | ${luks} --pbkdf pbkdf2 --pbkdf-force-iterations 1000 luksFormat /dev/mapper/${dead.wwid}
     echo secret | ${luks} open /dev/mapper/${dead.wwid} dead-data
     # a volume without its map: one disk is left, and of the other nothing but its number in the tables of what was on it
     set -- $(disks ${remapped.wwid}); multipath -f ${remapped.wwid}; multipath -w ${remapped.wwid} >/dev/null
     dmsetup create orphan-data --uuid CRYPT-LUKS2-${'fedcba9876543210'.repeat(2)}-orphan-data \\
       --table "0 2048 crypt aes-xts-plain64 ${'0123456789abcdef'.repeat(4)} 0 /dev/$1 0"
     dmsetup create vg-gone --uuid LVM-${'g'.repeat(32)}${'v'.repeat(32)} --table "0 2048 linear /dev/$1 4096"
     echo 1 >/sys/block/$1/device/delete; multipathd del path $2 >/dev/null
     # node records of Longshore's: with an empty session, without one, only used; and what a crash leaves of one
     record ${OURS} ${FIRST} -n node.session.scan -v manual; mark ${OURS} '${RECORD_MARKS.made}'
     iscsiadm -m node -T ${OURS} -p ${FIRST} --login >/dev/null
     record ${GONE}1 ${NOWHERE} -n node.startup -v manual; mark ${GONE}1 '${RECORD_MARKS.made}'
     record ${GONE}2 ${NOWHERE} -n node.startup -v manual
     mark ${GONE}2 '${RECORD_MARKS.used}'; mark ${GONE}2 'node.session.scan = manual'
     mkdir -p /etc/iscsi/nodes/${GONE}3; : >/etc/iscsi/nodes/${GONE}3/10.9.9.9,3260
     ln -s /dev/dm-77 '/dev/disk/by-id/os-brick+dev+dm-77'
     for disk in $(disks ${dead.wwid}) $2; do
       printf 'device %s %s\\n' "$(cat /sys/block/$disk/device/wwid)" "$(basename "$(readlink -f /sys/block/$disk/device)")"
     done
     for dm in /sys/block/dm-*/dm; do printf 'mapping %s %s\\n' "$(cat $dm/name)" "$(cat $dm/uuid)"; done
     for session in /sys/class/iscsi_session/session*; do
       printf 'session %s %s\\n' "$(cat $session/targetname)" "\${session##*session}"
     done
     find /etc/iscsi/nodes -type f -path '*:gone*' -printf 'record %p -\\n'`,
    PLANT_MS,
  );
  await unmap(lab.target, client.initiatorName, dead.lun);
  const other = await createVolume(lab.target, { name: 'other', sizeMiB: 64, lun: 12 });
  await remap(lab.target, client.initiatorName, remapped.lun, other);
  return [...stdout.split('\n').flatMap(keyOf), `map:${dead.wwid}`, 'link:/dev/disk/by-id/os-brick+dev+dm-77'];
}

/** As `audit` names it; nothing for what is not left over. */
function keyOf(line: string): readonly string[] {
  const [kind = '', one = '', two = ''] = line.split(' ');
  if (kind === 'device') return [`device:${one.replace('naa.', '3')}@${two}`];
  if (kind === 'mapping') return /^(?:dead-data|orphan-data|vg-gone)$/.test(one) ? [`mapping:${two}`] : [];
  if (kind === 'session') return one === OURS ? [`session:${OURS}@${FIRST}#${two}`] : [];
  return kind === 'record' && /:gone[1-3]\//.test(one) ? [`record:${one}`] : [];
}

/** What looks the same at first sight, and is somebody's. */
export async function plantLookAlikes(lab: Lab, client: Guest, { busy, held }: PlantedVolumes): Promise<void> {
  const theirs = await createVolume(lab.target, { name: 'theirs', sizeMiB: 16, lun: 11 });
  await createTarget(lab.target, { iqn: THEIRS, portals: [FIRST, SECOND] }, theirs, client.initiatorName);
  await runScript(
    client,
    `${FUNCTIONS}
     # mounted, with data
     mkfs.ext4 -q -F -O ^has_journal /dev/mapper/${busy.wwid}
     mkdir -p /srv/busy; mount /dev/mapper/${busy.wwid} /srv/busy; echo precious >/srv/busy/file; sync -f /srv/busy
     # no path is left, but somebody has the map open
     set -- $(disks ${held.wwid})
     setsid sh -c 'exec sleep 3600 <"$1"' sh /dev/mapper/${held.wwid} >/dev/null 2>&1 &
     until [ "$(dmsetup info -c --noheadings -o open ${held.wwid})" = 1 ]; do sleep 0.1; done
     for disk in $1 $2; do echo 1 >/sys/block/$disk/device/delete; done
     # another owner's LVM volume and LUKS mapping, on a device that is there, and that nobody has open
     truncate -s 16M /srv/pv; loop=$(losetup -f --show /srv/pv)
     dmsetup create vg-root --uuid LVM-${'o'.repeat(32)}${'r'.repeat(32)} --table "0 2048 linear $loop 0"
     dmsetup create idle-data --uuid CRYPT-LUKS2-${'0123456789abcdef'.repeat(2)}-idle-data --table "0 2048 linear $loop 4096"
     # their sessions: one with a disk, one empty; their records, one for the next boot that looks like Longshore's
     record ${THEIRS} ${FIRST} -n node.startup -v automatic
     record ${THEIRS} ${SECOND} -n node.session.scan -v manual
     iscsiadm -m node -T ${THEIRS} --login >/dev/null
     record ${GONE}8 ${NOWHERE} -n node.startup -v automatic
     record ${GONE}9 ${NOWHERE} -n node.startup -v onboot; mark ${GONE}9 '${RECORD_MARKS.made}'
     ln -s /dev/vda '/dev/disk/by-id/os-brick+dev+vda'; ln -s /dev/sdzz /dev/disk/by-id/scsi-3gone
     udevadm settle -t 20`,
    PLANT_MS,
  );
}

const FUNCTIONS = String.raw`
# disks under a map
disks() { ls "/sys/block/$(basename "$(readlink -f "/dev/mapper/$1")")/slaves"; }
# a node record: target, portal, a setting
record() {
  iscsiadm -m node -o new -T "$1" -p "$2" >/dev/null
  target=$1 portal=$2; shift 2
  iscsiadm -m node -T "$target" -p "$portal" -o update "$@"
}
# a line at the end of the records of a target
mark() { find "/etc/iscsi/nodes/$1" -type f | while read -r file; do echo "$2" >>"$file"; done; }
`;

/** What a sweep is about, as the host itself shows it. */
export type HostTruth = {
  readonly sessions: readonly string[];
  readonly records: readonly string[];
  readonly disks: readonly string[];
  readonly mappings: readonly string[];
  readonly links: readonly string[];
  readonly putAside: readonly string[];
};

export async function hostTruth(client: Guest): Promise<HostTruth> {
  const stdout = await runScript(
    client,
    `for session in /sys/class/iscsi_session/session*; do
       printf 'sessions %s %s\\n' "\${session##*/}" "$(cat $session/targetname) $(cat $session/state)"
     done
     find /etc/iscsi/nodes -type f -printf 'records %p\\n'
     for disk in /sys/block/sd*; do printf 'disks %s %s\\n' "\${disk##*/}" "$(cat $disk/device/wwid)"; done
     for dm in /sys/block/dm-*/dm; do printf 'mappings %s %s\\n' "$(cat $dm/name)" "$(cat $dm/uuid)"; done
     find /dev/disk/by-id -name 'os-brick*' -printf 'links %p\\n' -o -name scsi-3gone -printf 'links %p\\n'
     find /var/lib/longshore/quarantine -type f -printf 'putAside %f\\n' 2>/dev/null || true`,
  );
  const of = (kind: string): readonly string[] =>
    stdout
      .split('\n')
      .flatMap((line) => (line.startsWith(`${kind} `) ? [line.slice(kind.length + 1)] : []))
      .toSorted();
  return {
    sessions: of('sessions'),
    records: of('records'),
    disks: of('disks'),
    mappings: of('mappings'),
    links: of('links'),
    putAside: of('putAside'),
  };
}

/**
 * Until the kernel has given up both paths of a map (its path checker asks every few seconds), and nothing but the mapping on it has it open: udev looks into a map
 * whose paths fail, and may wait on its queue. While it does, a sweep leaves the map alone.
 */
export async function pathsFail(client: Guest, { wwid }: Volume): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const { stdout } = await client.run(`dmsetup status --noflush ${wwid}`);
    if ([...stdout.matchAll(/ \d+:\d+ F /g)].length === 2) return lookedThrough(client, wwid);
    await sleep(500);
  }
  throw new Error(`the paths of ${wwid} do not fail`);
}

async function lookedThrough(client: Guest, wwid: string): Promise<void> {
  const { stdout } = await client.run(
    `dm=$(basename "$(readlink -f /dev/mapper/${wwid})")
     for i in $(seq 400); do
       [ "$(dmsetup info -c --noheadings -o open ${wwid})" = 1 ] && exit; sleep 0.5
     done
     ls -l /proc/[0-9]*/fd 2>/dev/null | grep -B20 "/$dm$" | grep -E "^/proc|/$dm$"`,
    { timeoutMs: PLANT_MS },
  );
  if (stdout !== '') throw new Error(`${wwid} stays open: ${stdout}`);
}
