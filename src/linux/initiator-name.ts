import type { ReadReply } from '../transport/executor.js';
import { readReply, type Fact, type Learnt } from './fact.js';
import { parseIqn, type Iqn } from './identifiers.js';
import { parsedOrNoted } from './parse-error.js';
import type { Unknown } from './storage-state.js';

const FILE = '/etc/iscsi/initiatorname.iscsi';

/** The host's own iSCSI name; null without open-iscsi, and before Debian's first start has made one (`GenerateName=yes`). */
export function initiatorNameFact(): Fact<Learnt<Iqn | null>> {
  return {
    requests: [{ kind: 'read', patterns: [FILE] }],
    parse(replies) {
      const read = readReply(replies[0], FILE);
      const name = parseInitiatorName(read.value);
      return { value: name.value, unknowns: [...read.unknowns, ...name.unknowns] };
    },
  };
}

function parseInitiatorName(read: ReadReply): Learnt<Iqn | null> {
  if (read.unreadable.includes(FILE)) {
    return { value: null, unknowns: [{ subject: FILE, reason: 'could not be read' }] };
  }
  const text = /^[ \t]*InitiatorName[ \t]*=[ \t]*(.*?)[ \t\r]*$/m.exec(read.files.get(FILE) ?? '')?.[1];
  if (text === undefined) return { value: null, unknowns: [] };
  const unknowns: Unknown[] = [];
  return { value: parsedOrNoted(() => parseIqn(text), FILE, unknowns), unknowns };
}
