import type { ReadReply } from '../transport/executor.js';
import { readReply, type Fact, type Learnt } from './fact.js';
import { parseIqn, type Iqn } from './identifiers.js';
import { parsedOrNoted } from './parse-error.js';
import type { Unknown } from './storage-state.js';

/** For root alone on some distributions. */
export const INITIATOR_NAME_FILE = '/etc/iscsi/initiatorname.iscsi';

/** The host's own iSCSI name; null without open-iscsi, and before Debian's first start has made one (`GenerateName=yes`). */
export function initiatorNameFact(): Fact<Learnt<Iqn | null>> {
  return {
    requests: [{ kind: 'read', patterns: [INITIATOR_NAME_FILE] }],
    parse(replies) {
      const read = readReply(replies[0], INITIATOR_NAME_FILE);
      const name = parseInitiatorName(read.value);
      return { value: name.value, unknowns: [...read.unknowns, ...name.unknowns] };
    },
  };
}

function parseInitiatorName(read: ReadReply): Learnt<Iqn | null> {
  if (read.unreadable.includes(INITIATOR_NAME_FILE)) {
    return { value: null, unknowns: [{ subject: INITIATOR_NAME_FILE, reason: 'could not be read' }] };
  }
  const text = /^[ \t]*InitiatorName[ \t]*=[ \t]*(.*?)[ \t\r]*$/m.exec(read.files.get(INITIATOR_NAME_FILE) ?? '')?.[1];
  if (text === undefined) return { value: null, unknowns: [] };
  const unknowns: Unknown[] = [];
  return { value: parsedOrNoted(() => parseIqn(text), INITIATOR_NAME_FILE, unknowns), unknowns };
}
