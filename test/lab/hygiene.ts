import { setTimeout as sleep } from 'node:timers/promises';
import { runScript } from './target-portal.js';
import type { Guest } from './guest.js';

export type LeftSession = {
  readonly id: string;
  readonly target: string;
  readonly portal: string;
  readonly state: string;
};

/** What storage work has left on a client. All lists are empty on a clean one. */
export type Leftovers = {
  readonly sessions: readonly LeftSession[];
  /** Files of node records, below /etc/iscsi/nodes. */
  readonly nodes: readonly string[];
  /** SCSI disks: sda … */
  readonly disks: readonly string[];
  /** Device-mapper devices by name, whatever made them. */
  readonly maps: readonly string[];
  /** The disks that multipathd keeps as paths. */
  readonly paths: readonly string[];
  /** Mount points on SCSI disks and device-mapper devices. */
  readonly mounts: readonly string[];
};

/** Reads what is left on a client, from the kernel's own lists where it has them. Never waits for a disk. */
export async function clientLeftovers(client: Guest): Promise<Leftovers> {
  const stdout = await runScript(client, LIST, 30_000);
  const rows = stdout.split('\n').flatMap((line) => {
    const [kind, ...values] = line.split('\t');
    return kind ? [{ kind, values }] : [];
  });
  const only = (kind: string) => rows.filter((row) => row.kind === kind);
  const names = (kind: string) => only(kind).map(({ values }) => values[0] ?? '');
  return {
    sessions: only('session').map(({ values: [id = '', target = '', portal = '', state = ''] }) => ({
      id,
      target,
      portal,
      state,
    })),
    nodes: names('node'),
    disks: names('disk'),
    maps: names('map'),
    paths: names('path'),
    mounts: names('mount'),
  };
}

/** Says whether nothing is left. */
export function isClean(leftovers: Leftovers): boolean {
  return Object.values(leftovers).every((list) => list.length === 0);
}

/**
 * Puts a client back to how it was found, by force, and proves it. Lift faults first: a queue that cannot drain holds
 * its disk. What even force cannot end, a power cut does.
 */
export async function scrubClient(client: Guest): Promise<void> {
  const before = await clientLeftovers(client);
  if (isClean(before)) {
    // with a WWID that it knows, multipathd makes a map of a single path, in the next test
    await runScript(client, FORGET_WWIDS);
    return;
  }
  try {
    await runScript(client, SCRUB, 90_000);
    if (await becomesClean(client)) return;
  } catch {
    // It hangs, or half of it failed: the power cut follows.
  }
  await client.reset();
  await runScript(client, FORGET);
  const after = await clientLeftovers(client);
  if (!isClean(after)) throw new Error(`${client.name} does not come clean: ${JSON.stringify(after)}`);
}

/** multipathd forgets a path a moment after the kernel did. */
async function becomesClean(client: Guest): Promise<boolean> {
  for (let tries = 0; tries < 10; tries += 1) {
    if (isClean(await clientLeftovers(client))) return true;
    await sleep(500);
  }
  return false;
}

const LIST = String.raw`
cd /sys/class/iscsi_session
for session in session*; do
  [ -e "$session/targetname" ] || continue
  portal=
  for connection in "$session"/device/connection*/iscsi_connection/connection*; do
    [ ! -e "$connection/persistent_address" ] ||
      portal=$(cat "$connection/persistent_address"):$(cat "$connection/persistent_port")
  done
  printf 'session\t%s\t%s\t%s\t%s\n' "$session" "$(cat "$session/targetname")" "$portal" "$(cat "$session/state")"
done 2>/dev/null
find /etc/iscsi/nodes -type f -printf 'node\t%P\n' 2>/dev/null || true
for disk in /sys/block/sd*; do [ ! -e "$disk" ] || printf 'disk\t%s\n' "$(basename "$disk")"; done
for map in /sys/block/dm-*; do [ ! -e "$map" ] || printf 'map\t%s\n' "$(cat "$map/dm/name")"; done
timeout 10 multipathd show paths raw format '%d' | while read -r path; do
  case $path in sd*) printf 'path\t%s\n' "$path" ;; esac
done
while read -r device where rest; do
  case $device in /dev/sd* | /dev/mapper/* | /dev/dm-*) printf 'mount\t%s\n' "$where" ;; esac
done </proc/self/mounts
`;

const FORGET_WWIDS = String.raw`rm -rf /run/longshore-unwritten; sed -i '/^\//d' /etc/multipath/wwids 2>/dev/null || true`;

const FORGET = String.raw`
find /etc/iscsi/nodes /etc/iscsi/send_targets -mindepth 1 -delete 2>/dev/null || true
${FORGET_WWIDS}
`;

const SCRUB = String.raw`
set +e
while read -r device where rest; do
  case $device in /dev/sd* | /dev/mapper/* | /dev/dm-*) timeout 10 umount -f "$where" || umount -l "$where" ;; esac
done </proc/self/mounts
timeout 10 multipathd disablequeueing maps >/dev/null
# What lies on a map goes before the map.
for round in 1 2 3; do
  for map in /sys/block/dm-*; do
    [ -e "$map" ] || continue
    for holder in "$map"/holders/*; do [ ! -e "$holder" ] || continue 2; done
    name=$(cat "$map/dm/name")
    timeout 10 dmsetup message "$name" 0 fail_if_no_path 2>/dev/null
    timeout 10 multipathd remove map "$name" >/dev/null || timeout 10 dmsetup remove --force --retry "$name"
  done
done
for disk in /sys/block/sd*; do [ ! -e "$disk" ] || echo 1 >"$disk/device/delete"; done &
sleep 0.2
timeout 20 iscsiadm -m node --logout >/dev/null 2>&1
for session in /sys/class/iscsi_session/session*; do
  [ ! -e "$session" ] || timeout 20 iscsiadm -m session -r "$(basename "$session" | tr -dc 0-9)" -u >/dev/null 2>&1
done
${FORGET}
systemctl is-active --quiet iscsid || systemctl restart iscsid
udevadm settle -t 10
true
`;
