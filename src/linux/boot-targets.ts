import { readReply, type Fact, type Learnt } from './fact.js';
import { parseIqn, type Iqn } from './identifiers.js';
import { parsedOrNoted } from './parse-error.js';
import type { Unknown } from './storage-state.js';

/** iBFT and the offload cards' own tables: what the firmware has logged in to before there was a kernel */
const FIRMWARE = ['/sys/firmware/ibft/target*/target-name', '/sys/firmware/iscsi_boot*/target*/target-name'];
const COMMAND_LINE = '/proc/cmdline';

/** iSCSI targets that the host may have started from, by firmware or by the kernel's command line; no process runs on the host. */
export function bootTargetsFact(): Fact<Learnt<ReadonlySet<Iqn>>> {
  return {
    requests: [{ kind: 'read', patterns: [...FIRMWARE, COMMAND_LINE] }],
    parse(replies) {
      const read = readReply(replies[0], 'boot targets');
      const unknowns: Unknown[] = [
        ...read.unknowns,
        ...read.value.unreadable.map((subject) => ({ subject, reason: 'could not be read' })),
      ];
      const value = new Set<Iqn>();
      for (const [filePath, content] of read.value.files) {
        if (filePath === COMMAND_LINE) {
          for (const name of namesIn(content)) value.add(name);
          continue;
        }
        const name = parsedOrNoted(() => parseIqn(content.trim()), filePath, unknowns);
        if (name !== null) value.add(name);
      }
      return { value, unknowns };
    },
  };
}

/** `netroot=iscsi:...:iqn...`, `rd.iscsi.target.name=iqn...`, `ISCSI_TARGET_NAME=iqn...`: any name counts, whatever it stands in. */
function namesIn(commandLine: string): readonly Iqn[] {
  const found = commandLine.match(/(?:iqn\.\d{4}-\d\d\.|eui\.|naa\.)[A-Za-z0-9.:_-]+/g) ?? [];
  return found.flatMap((text) => {
    const name = parsedOrNoted(() => parseIqn(text), COMMAND_LINE, []);
    return name === null ? [] : [name];
  });
}
