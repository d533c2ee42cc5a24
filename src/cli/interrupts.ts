import { foldNames } from '../inventory/patterns/fold-names.js';
import { EXIT } from './exit-codes.js';
import { paintFor, type Terminal } from './terminal.js';

export interface Interrupts {
  /** aborts at the first Ctrl-C */
  readonly signal: AbortSignal;
  /** stops listening: Ctrl-C ends the process again as usual */
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * The first signal asks the run to come to a clean end; the second ends the process at once and names the hosts whose outcome nobody
 * will know. `beforeText` is called before anything is written: a progress bar must be out of the way.
 */
export function listenForInterrupts(
  terminal: Terminal,
  running: () => readonly string[],
  beforeText: () => void,
): Interrupts {
  const controller = new AbortController();
  const paint = paintFor(terminal.stderr);
  const onSignal = () => {
    beforeText();
    const hosts = running();
    const named = hosts.length === 0 ? 'no host' : foldNames(hosts);
    if (!controller.signal.aborted) {
      const advice = hosts.length === 0 ? '' : '; once more to give up at once';
      terminal.stderr.write(`${paint('yellow', 'interrupted')}  begins no more hosts, lets ${named} end${advice}\n`);
      controller.abort();
      return;
    }
    if (hosts.length > 0) {
      const warning = `${named}: given up in mid-work, the outcome is unknown. Look with longshore status.`;
      terminal.stderr.write(`${paint('red', 'unknown')}  ${warning}\n`);
    }
    process.exit(EXIT.interrupted);
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose() {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
