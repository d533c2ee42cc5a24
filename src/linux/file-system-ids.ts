import { runOutput, type Fact, type Learnt } from './fact.js';

/** udev's notes about block devices, one file for each */
const NOTES = '/run/udev/data/b*';
const PATTERN = '^E:ID_FS_(UUID|TYPE)=';

/** What udev found at the beginning of a block device when it came. */
export interface FileSystemId {
  /** major:minor */
  readonly dev: string;
  /** such as ext4, LVM2_member or crypto_LUKS */
  readonly type: string;
  readonly uuid: string;
}

/** Identities of file systems, LVM and LUKS headers, as udev read them; no device is touched, one grep runs on the host. */
export function fileSystemIdsFact(): Fact<Learnt<readonly FileSystemId[]>> {
  return {
    requests: [
      {
        kind: 'run',
        argv: ['grep', '-H', '-s', '-E', '-e', PATTERN, '--'],
        when: [NOTES],
        globs: [NOTES],
        boundsItself: true,
        okExits: 'any',
        readOnly: true,
      },
    ],
    parse([reply]) {
      // 1: no line matches; 2: a device went away between the listing and the look
      const { value: run, unknowns } = runOutput(reply, NOTES, [0, 1, 2]);
      return { value: run === null ? [] : parseIds(run.stdout), unknowns };
    },
  };
}

function parseIds(text: string): readonly FileSystemId[] {
  const byDev = new Map<string, { type?: string; uuid?: string }>();
  for (const line of text.split('\n')) {
    const [, dev, field, value] = /\/b(\d+:\d+):E:ID_FS_(UUID|TYPE)=(.+)$/.exec(line) ?? [];
    if (dev === undefined || value === undefined) continue;
    byDev.set(dev, { ...byDev.get(dev), ...(field === 'UUID' ? { uuid: value } : { type: value }) });
  }
  return [...byDev].flatMap(([dev, { type, uuid }]) =>
    type === undefined || uuid === undefined ? [] : [{ dev, type, uuid }],
  );
}
