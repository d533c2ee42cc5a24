import type { MultipathSection } from '../../linux/multipath-settings.js';
import { disksOf } from '../multipath-use.js';
import type { HostFacts } from '../host-facts.js';

/** A disk as multipath's blacklist sees it; null for what is not known. */
interface Candidate {
  readonly name: string;
  readonly wwid: string | null;
  readonly vendor: string | null;
  readonly product: string | null;
}

/** A disk that could be attached next: no name of a local disk, so that `^sda$` does not hide it. */
const NEXT_DISK: Candidate = { name: 'sdzz', wwid: null, vendor: null, product: null };
const PROTOCOL = 'scsi:iscsi';

/** Which lines of the blacklist hide iSCSI disks, attached ones and the next one, and are not lifted by the exceptions. */
export function hidingLines(facts: HostFacts): readonly string[] {
  const sections = facts.multipath.config?.sections ?? [];
  const blacklist = sections.filter(({ name }) => name === 'blacklist');
  const exceptions = sections.filter(({ name }) => name === 'blacklist_exceptions');
  const attached = disksOf(facts).map((disk) => ({
    name: disk.block?.name ?? '',
    wwid: disk.cachedWwid,
    vendor: disk.vendor.trim(),
    product: disk.model.trim(),
  }));
  const lines = [...attached, NEXT_DISK].flatMap((disk) =>
    matching(blacklist, disk).filter(({ kind }) => !matching(exceptions, disk).some((one) => one.kind === kind)),
  );
  return [...new Set(lines.map(({ text }) => text))];
}

function matching(sections: readonly MultipathSection[], disk: Candidate): { kind: string; text: string }[] {
  return sections.flatMap((section) => [
    ...section.entries
      .filter(({ name, value }) => {
        if (name === 'devnode') return matches(value, disk.name);
        if (name === 'wwid') return matches(value, disk.wwid);
        return name === 'protocol' && matches(value, PROTOCOL);
      })
      .map(({ name, value }) => ({ kind: name, text: `${name} "${value}"` })),
    ...section.sections.flatMap(({ name, entries }) => {
      const [vendor, product] = ['vendor', 'product'].map((one) => entries.find((entry) => entry.name === one)?.value);
      const hides =
        (vendor !== undefined || product !== undefined) &&
        (vendor === undefined || matches(vendor, disk.vendor)) &&
        (product === undefined || matches(product, disk.product));
      return name === 'device' && hides
        ? [{ kind: 'device', text: `device "${vendor ?? ''}" "${product ?? ''}"` }]
        : [];
    }),
  ]);
}

// Letters, escapes, bracket expressions, one level of alternatives, and at most three repeated single characters: what blacklists are made of. Other
// expressions are not tried: they come from the host, and a nested repetition could keep the controller busy for hours.
const ATOM = String.raw`(?:[^\\()[\]{}*+?|]|\\[^A-Za-z0-9]|\[\^?[\w .:-]+\])`;
const PLAIN = new RegExp(`^(?:${ATOM}[*+?]?|\\((?:${ATOM}|\\|)*\\)|\\|)*$`);

/** A leading `!` turns the meaning round, as in multipath.conf. */
function matches(pattern: string, text: string | null): boolean {
  if (text === null) return false;
  const inverted = pattern.startsWith('!');
  const source = inverted ? pattern.slice(1) : pattern;
  const isSafe = source.length <= 200 && (source.match(/[*+?]/g) ?? []).length <= 3 && PLAIN.test(source);
  return isSafe && new RegExp(source).test(text.slice(0, 200)) !== inverted;
}
