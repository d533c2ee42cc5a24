import type { Guest } from './guest.js';
import { CORE, runScript, TPG } from './target-portal.js';
import type { Chap, Volume } from './target.js';

const ISCSI = '/sys/kernel/config/target/iscsi';

/** A further target of the array, for tests of what a discovery offers. */
export type FurtherTarget = { readonly iqn: string; readonly portals: readonly string[] };

/** Makes a target of its own with one volume at one LUN, for one initiator and without CHAP. */
export async function createTarget(
  target: Guest,
  { iqn, portals }: FurtherTarget,
  volume: Volume,
  initiator: string,
): Promise<void> {
  const tpg = `${ISCSI}/${iqn}/tpgt_1`;
  await runScript(
    target,
    `mkdir -p ${tpg} ${tpg}/lun/lun_${volume.lun} ${tpg}/acls/${initiator}
     for portal in ${portals.map((one) => `'${one}'`).join(' ')}; do mkdir "${tpg}/np/$portal"; done
     echo 0 >${tpg}/attrib/authentication
     ln -s ${CORE}/${volume.name} ${tpg}/lun/lun_${volume.lun}/${volume.name}
     mkdir ${tpg}/acls/${initiator}/lun_${volume.lun}
     ln -s ${tpg}/lun/lun_${volume.lun} ${tpg}/acls/${initiator}/lun_${volume.lun}/${volume.name}
     echo 1 >${tpg}/enable`,
  );
}

/** Ends its sessions and removes it. */
export async function removeTarget(target: Guest, { iqn }: FurtherTarget): Promise<void> {
  const fabric = `${ISCSI}/${iqn}`;
  await runScript(
    target,
    `test -d ${fabric} || exit 0
     echo 0 >${fabric}/tpgt_1/enable
     find ${fabric}/tpgt_1/acls ${fabric}/tpgt_1/lun -type l -name '[a-z]*' -path '*/lun_*' ! -path '*/statistics/*' -delete
     find ${fabric}/tpgt_1/acls -mindepth 2 -maxdepth 2 -type d -name 'lun_*' -exec rmdir {} +
     find ${fabric}/tpgt_1/acls -mindepth 1 -maxdepth 1 -type d -exec rmdir {} +
     find ${fabric}/tpgt_1/lun -mindepth 1 -maxdepth 1 -type d -name 'lun_*' -exec rmdir {} +
     find ${fabric}/tpgt_1/np -mindepth 1 -maxdepth 1 -type d -exec rmdir {} +
     rmdir ${fabric}/tpgt_1 ${fabric}`,
  );
}

/** Whether the array's own target shows up in a discovery by initiators that it has no access list for. */
export async function setOpenDiscovery(target: Guest, open: boolean): Promise<void> {
  await runScript(target, `echo ${open ? 1 : 0} >${TPG}/attrib/demo_mode_discovery`);
}

/** A further portal of the array's own target, such as one of IPv6. */
export async function addPortal(target: Guest, portal: string): Promise<void> {
  await runScript(target, `mkdir -p '${TPG}/np/${portal}'`);
}

export async function removePortal(target: Guest, portal: string): Promise<void> {
  await runScript(target, `rmdir '${TPG}/np/${portal}'`);
}

/** Credentials both ways: what initiators have to show, and what the array shows them. */
export type MutualChap = Chap & { readonly mutual?: Chap | undefined };

/** What SendTargets has to be asked with from now on; undefined: nothing. */
export async function requireDiscoveryChap(target: Guest, chap: MutualChap | undefined): Promise<void> {
  const place = `${ISCSI}/discovery_auth`;
  const write = (file: string, text: string) => `printf %s '${text}' >${place}/${file}`;
  const lines =
    chap === undefined
      ? [
          `echo 0 >${place}/enforce_discovery_auth`,
          ...['userid', 'password', 'userid_mutual', 'password_mutual'].map((file) => write(file, 'NULL')),
        ]
      : [
          write('userid', chap.username),
          write('password', chap.password),
          write('userid_mutual', chap.mutual?.username ?? 'NULL'),
          write('password_mutual', chap.mutual?.password ?? 'NULL'),
          `echo 1 >${place}/enforce_discovery_auth`,
        ];
  await runScript(target, lines.join('\n'));
}

/** What the array answers to the initiator's own challenge at login; undefined: it has no answer. */
export async function setMutual(target: Guest, initiator: string, mutual: Chap | undefined): Promise<void> {
  const auth = `${TPG}/acls/${initiator}/auth`;
  await runScript(
    target,
    `printf %s '${mutual?.username ?? 'NULL'}' >${auth}/userid_mutual
     printf %s '${mutual?.password ?? 'NULL'}' >${auth}/password_mutual`,
  );
}
