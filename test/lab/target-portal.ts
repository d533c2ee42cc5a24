import type { Guest } from './guest.js';

export const TARGET_IQN = 'iqn.2026-01.test.longshore:target';

/** The array's place in configfs. */
export const CORE = '/sys/kernel/config/target/core/iblock_0';
export const FABRIC = `/sys/kernel/config/target/iscsi/${TARGET_IQN}`;
export const TPG = `${FABRIC}/tpgt_1`;

/**
 * Makes the target with its portals, ready for volumes, and what counts and disturbs connections to them. Needed again
 * after the target's power was cut.
 */
export async function prepareTarget(target: Guest, portals: readonly string[]): Promise<void> {
  await runScript(
    target,
    `# The target needs no initiator services: its own disks must not look like a client's.
     systemctl stop multipathd.service multipathd.socket open-iscsi.service iscsid.service iscsid.socket 2>/dev/null &
     modprobe -a loop target_core_mod iscsi_target_mod target_core_iblock dm_mod
     mountpoint -q /sys/kernel/config || mount -t configfs configfs /sys/kernel/config
     mkdir -p ${CORE} ${TPG} /srv/lab
     for portal in ${portals.join(' ')}; do mkdir -p "${TPG}/np/$portal"; done
     echo 0 >${TPG}/attrib/authentication
     echo 0 >${TPG}/attrib/generate_node_acls
     echo 1 >${TPG}/enable
     nft -f - <<'END'
${netfilterRules(portals)}
END
     wait`,
  );
}

/** Runs a POSIX script as root on a guest, stopping at the first failure. */
export async function runScript(guest: Guest, script: string, timeoutMs = 180_000): Promise<string> {
  return (await guest.run('exec /bin/sh -eu', { input: `${script}\n`, timeoutMs })).stdout;
}

function netfilterRules(portals: readonly string[]): string {
  const counters = portals.map((_, index) => `counter connects${index + 1} { }`);
  const counts = portals.map((portal, index) => {
    const [address, port] = portal.split(':');
    return `ip daddr ${address} tcp dport ${port} tcp flags & (syn | ack) == syn counter name connects${index + 1}`;
  });
  const faults = portals.flatMap((_, index) => [
    `chain in${index + 1} { type filter hook input priority 0; policy accept; }`,
    `chain out${index + 1} { type filter hook output priority 0; policy accept; }`,
  ]);
  return `table ip lab {
  ${counters.join('\n  ')}
  chain counts { type filter hook input priority -10; policy accept; ${counts.join('; ')}; }
  ${faults.join('\n  ')}
}`;
}
