import type { ReadReply } from '../transport/executor.js';
import { type Fact, type Learnt, readReply } from './fact.js';
import { type Iqn, parseIqn, parsePortal, type Portal } from './identifiers.js';
import { parsedOrNoted } from './parse-error.js';
import type { Unknown } from './storage-state.js';

/** A target that the host may have started from. */
export interface BootTarget {
  readonly targetName: Iqn;
  /** null when it is not known: then every portal of the target may be the one */
  readonly portal: Portal | null;
  /** null when it is not known */
  readonly lun: number | null;
}

// drivers/scsi/iscsi_boot_sysfs.c: `ibft` is the firmware's table in memory, `iscsi_boot0` and up are those of offload cards: what the firmware has
// logged in to before there was a kernel. Secrets stand beside these files.
const TABLES = ['/sys/firmware/ibft/target*', '/sys/firmware/iscsi_boot*/target*'];
const FIRMWARE = TABLES.flatMap((target) =>
  ['target-name', 'ip-addr', 'port', 'lun'].map((name) => `${target}/${name}`),
);
const COMMAND_LINE = '/proc/cmdline';

/** iSCSI targets that the host may have started from, by firmware or by the kernel's command line; no process runs on the host. */
export function bootTargetsFact(): Fact<Learnt<readonly BootTarget[]>> {
  return {
    requests: [{ kind: 'read', patterns: [...FIRMWARE, COMMAND_LINE] }],
    parse(replies) {
      const read = readReply(replies[0], 'boot targets');
      const targets = parseBootTargets(read.value);
      return { value: targets.value, unknowns: [...read.unknowns, ...targets.unknowns] };
    },
  };
}

function parseBootTargets(read: ReadReply): Learnt<readonly BootTarget[]> {
  const unknowns: Unknown[] = read.unreadable.map((subject) => ({ subject, reason: 'could not be read' }));
  const value: BootTarget[] = namesIn(read.files.get(COMMAND_LINE) ?? '').map((targetName) => ({
    targetName,
    portal: null,
    lun: null,
  }));
  for (const [filePath, text] of read.files) {
    const directory = /^(.*)\/target-name$/.exec(filePath)?.[1];
    if (directory === undefined || text.trim() === '') continue;
    const targetName = parsedOrNoted(() => parseIqn(text.trim()), filePath, unknowns);
    if (targetName === null) continue;
    const field = (name: string): string => (read.files.get(`${directory}/${name}`) ?? '').trim();
    value.push({ targetName, portal: portalOf(field('ip-addr'), field('port')), lun: lunOf(field('lun')) });
  }
  return { value, unknowns };
}

/** `netroot=iscsi:...:iqn...`, `rd.iscsi.target.name=iqn...`, `ISCSI_TARGET_NAME=iqn...`: any name counts, whatever it stands in. */
function namesIn(commandLine: string): readonly Iqn[] {
  const found = commandLine.match(/(?:iqn\.\d{4}-\d\d\.|eui\.|naa\.)[A-Za-z0-9.:_-]+/g) ?? [];
  return found.flatMap((text) => {
    const name = parsedOrNoted(() => parseIqn(text), COMMAND_LINE, []);
    return name === null ? [] : [name];
  });
}

function portalOf(address: string, port: string): Portal | null {
  if (address === '' || address === '0.0.0.0') return null;
  return parsedOrNoted(
    () => parsePortal(address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`),
    '',
    [],
  );
}

/** iscsi_ibft prints the eight bytes of the LUN one by one in hex, without leading zeros: LUN 1 is 01000000, LUN 44 is 02c000000. */
function lunOf(text: string): number | null {
  const digits = /^0([0-9a-f]{1,2})000000$/.exec(text)?.[1];
  return digits === undefined ? null : parseInt(digits, 16);
}
