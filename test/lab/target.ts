import { randomBytes } from 'node:crypto';
import type { Guest } from './guest.js';
import { CORE, TARGET_IQN, TPG, runScript } from './target-portal.js';

export { TARGET_IQN, prepareTarget } from './target-portal.js';
export { loginAttempts, sessions } from './target-sessions.js';
export { fingerprint, readBack, writeAt } from './target-data.js';

/** A volume of the array. Its `lun` is the target's own number for it and what an export uses unless told otherwise. */
export type Volume = {
  readonly name: string;
  readonly lun: number;
  readonly sizeMiB: number;
  /** As `scsi_id` and multipath print it: the NAA identifier behind a 3. */
  readonly wwid: string;
  readonly serial: string;
};

export type VolumeOptions = {
  readonly name: string;
  readonly sizeMiB: number;
  readonly lun: number;
  /** Hexadecimal; two volumes with one serial are one volume to a client. */
  readonly serial?: string;
};

export type Chap = { readonly username: string; readonly password: string };
export type ExportOptions = { readonly lun?: number; readonly chap?: Chap };

/**
 * Creates a volume: a sparse file, a loop device on it, a device-mapper device on that (faults are made there) and the
 * LIO backstore. Nobody sees it before it is exported.
 */
export async function createVolume(target: Guest, options: VolumeOptions): Promise<Volume> {
  const { name, sizeMiB, lun } = options;
  const serial = options.serial ?? randomBytes(16).toString('hex');
  checkNames(name, serial);
  await runScript(
    target,
    `test ! -e ${CORE}/${name}
     rm -f /srv/lab/${name}.img
     truncate -s ${sizeMiB}M /srv/lab/${name}.img
     loop=$(losetup -f --show /srv/lab/${name}.img)
     dmsetup create lab-${name} --table "0 ${sectors(sizeMiB)} linear $loop 0"
     mkdir ${CORE}/${name}
     echo udev_path=/dev/mapper/lab-${name} >${CORE}/${name}/control
     echo 1 >${CORE}/${name}/enable
     echo ${serial} >${CORE}/${name}/wwn/vpd_unit_serial
     mkdir ${TPG}/lun/lun_${lun}
     ln -s ${CORE}/${name} ${TPG}/lun/lun_${lun}/${name}`,
  );
  return { name, lun, sizeMiB, serial, wwid: wwidOf(serial) };
}

/** Lets an initiator see a volume, in LIO's "ACL mode". With CHAP, the initiator has to log in with it from then on. */
export async function exportTo(
  target: Guest,
  volume: Volume,
  initiator: string,
  options: ExportOptions = {},
): Promise<void> {
  const acl = `${TPG}/acls/${initiator}`;
  await runScript(
    target,
    `mkdir -p ${acl}
     ${options.chap === undefined ? '' : setChap(acl, options.chap)}
     mkdir ${acl}/lun_${options.lun ?? volume.lun}
     ln -s ${TPG}/lun/lun_${volume.lun} ${acl}/lun_${options.lun ?? volume.lun}/${volume.name}`,
  );
}

/** Asks for other credentials, or none, at an initiator's next login. */
export async function setCredentials(target: Guest, initiator: string, chap: Chap | undefined): Promise<void> {
  const acl = `${TPG}/acls/${initiator}`;
  await runScript(target, chap === undefined ? `echo 0 >${acl}/attrib/authentication` : setChap(acl, chap));
}

/** Takes a LUN away under an initiator's feet. Its sessions stay. */
export async function unmap(target: Guest, initiator: string, lun: number): Promise<void> {
  const entry = `${TPG}/acls/${initiator}/lun_${lun}`;
  await runScript(target, `find ${entry} -maxdepth 1 -type l -delete; rmdir ${entry}`);
}

/** Puts another volume behind a LUN that an initiator uses. */
export async function remap(target: Guest, initiator: string, lun: number, volume: Volume): Promise<void> {
  await unmap(target, initiator, lun);
  await exportTo(target, volume, initiator, { lun });
}

/** Forgets an initiator: its sessions end and it cannot log in again. */
export async function revoke(target: Guest, initiator: string): Promise<void> {
  const acl = `${TPG}/acls/${initiator}`;
  await runScript(target, `test -d ${acl} || exit 0\n${removeAcl(acl)}`);
}

/** Demo mode: whoever comes may log in, without CHAP, and sees every volume under the target's own LUN numbers. */
export async function setDemoMode(target: Guest, on: boolean): Promise<void> {
  const value = on ? 1 : 0;
  await runScript(
    target,
    `echo ${value} >${TPG}/attrib/generate_node_acls
     echo ${value} >${TPG}/attrib/cache_dynamic_acls
     echo ${1 - value} >${TPG}/attrib/demo_mode_write_protect`,
  );
}

/** Makes a volume larger. Clients see it after they asked for the capacity again. */
export async function grow(target: Guest, volume: Volume, sizeMiB: number): Promise<Volume> {
  await runScript(
    target,
    `truncate -s ${sizeMiB}M /srv/lab/${volume.name}.img
     loop=$(losetup -n -O NAME -j /srv/lab/${volume.name}.img)
     losetup -c "$loop"
     dmsetup suspend lab-${volume.name}
     dmsetup reload lab-${volume.name} --table "0 ${sectors(sizeMiB)} linear $loop 0"
     dmsetup resume lab-${volume.name}`,
  );
  return { ...volume, sizeMiB };
}

/** Deletes a volume, whoever uses it. */
export async function deleteVolume(target: Guest, volume: Pick<Volume, 'name'>): Promise<void> {
  await runScript(target, removeVolume(volume.name));
}

/** Puts the array back to nothing: no volume, no initiator, no demo mode. */
export async function clearTarget(target: Guest): Promise<void> {
  await setDemoMode(target, false);
  const script = `
    for acl in ${TPG}/acls/*; do [ -d "$acl" ] || continue
      ${removeAcl('"$acl"')}
    done
    for volume in ${CORE}/*; do [ -e "$volume/udev_path" ] || continue
      name=$(basename "$volume")
      ${removeVolume('$name')}
    done`;
  await runScript(target, script);
}

/** The numbers and names under which Cinder would hand a volume over. */
export function connectionInfo(volume: Volume, portals: readonly string[], options: ExportOptions = {}) {
  const lun = options.lun ?? volume.lun;
  const auth =
    options.chap === undefined
      ? {}
      : { auth_method: 'CHAP', auth_username: options.chap.username, auth_password: options.chap.password };
  return {
    driver_volume_type: 'iscsi' as const,
    data: {
      target_discovered: false,
      target_portal: portals[0] ?? '',
      target_iqn: TARGET_IQN,
      target_lun: lun,
      target_portals: [...portals],
      target_iqns: portals.map(() => TARGET_IQN),
      target_luns: portals.map(() => lun),
      volume_id: volume.name,
      ...auth,
    },
  };
}

/** LIO builds the NAA identifier from its own vendor number and the first 25 hexadecimal digits of the serial. */
function wwidOf(serial: string): string {
  return `36001405${serial.slice(0, 25).padEnd(25, '0')}`;
}

function setChap(acl: string, chap: Chap): string {
  if (!/^[\w.-]+$/u.test(chap.username + chap.password)) throw new TypeError('plain credentials only');
  return `printf %s ${chap.username} >${acl}/auth/userid
     printf %s ${chap.password} >${acl}/auth/password
     echo 1 >${acl}/attrib/authentication`;
}

function removeAcl(acl: string): string {
  return `find ${acl} -mindepth 2 -maxdepth 2 -type l -path '*/lun_*' -delete
    find ${acl} -mindepth 1 -maxdepth 1 -type d -name 'lun_*' -exec rmdir {} +
    rmdir ${acl}`;
}

/** A volume that hangs or fails has to work again before its I/O ends and it can go. */
function removeVolume(name: string): string {
  return `dmsetup resume lab-${name}
    find ${TPG}/acls -mindepth 3 -maxdepth 3 -type l -name ${name} | while read -r link; do
      rm "$link"; rmdir "$(dirname "$link")"; done
    find ${TPG}/lun -mindepth 2 -maxdepth 2 -type l -name ${name} | while read -r link; do
      rm "$link"; rmdir "$(dirname "$link")"; done
    rmdir ${CORE}/${name}
    udevadm settle -t 5 || true
    dmsetup remove --retry lab-${name}
    losetup -d $(losetup -n -O NAME -j /srv/lab/${name}.img)
    rm /srv/lab/${name}.img`;
}

function checkNames(name: string, serial: string): void {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/u.test(name)) throw new TypeError(`not a volume name: ${name}`);
  if (!/^[0-9a-f]{1,32}$/u.test(serial)) throw new TypeError(`not a serial: ${serial}`);
}

function sectors(sizeMiB: number): number {
  return sizeMiB * 2048;
}
