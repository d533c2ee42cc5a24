import { runOutput, type Fact, type Learnt } from './fact.js';

const FILES = ['/etc/crypttab', '/etc/fstab'];
/** The first two fields of a line and no more: what is behind them may be a password (cifs) or a key file. */
const FIRST_TWO = '^[[:space:]]*[^#[:space:]]+[[:space:]]+[^[:space:]]+';

/** The first two words of each line of crypttab (name and device) and fstab (device and mount point); one grep where there are such files. */
export function configuredDevicesFact(): Fact<Learnt<readonly string[] | null>> {
  return {
    requests: [
      {
        kind: 'run',
        argv: ['grep', '-h', '-o', '-E', '-e', FIRST_TWO, '--'],
        when: FILES,
        globs: FILES,
        boundsItself: true,
        okExits: 'any',
        readOnly: true,
      },
    ],
    parse([reply]) {
      // 1: there is no line in them
      const { value: run, unknowns } = runOutput(reply, FILES.join(' and '), [0, 1]);
      if (run === null) return { value: null, unknowns };
      const words = run.stdout.split('\n').flatMap((line) => line.trim().split(/\s+/));
      return { value: words.filter((word) => word !== ''), unknowns };
    },
  };
}
