import { LongshoreError } from '../errors/longshore-error.js';
import type { MoveTexts } from './migrate/move-step.js';

/**
 * What is to be done at the array between the two hosts of a move: take the volume away from the one, give it to the other. Longshore does not
 * speak to arrays; it runs the site's own command on this machine, or asks the operator. Both may be done again after a crash, so they have
 * to bear being done twice.
 */
export interface ArrayStep {
  /** one line for plans and prompts */
  readonly what: string;
  /** Done when the source is proven clean, before the destination connects. Rejects when it did not work. */
  handOver(move: MoveTexts): Promise<void>;
  /** Done when the move turns back and the destination is proven clean, before the source connects again. */
  giveBack(move: MoveTexts): Promise<void>;
}

/** Runs one command on this machine; rejects when it cannot be run in time or ends with anything but 0. */
export type RunHere = (argv: readonly string[]) => Promise<{ readonly stdout: string }>;

/** Asks the operator; false for no. Rejects where there is nobody to ask. */
export type AskOperator = (question: string) => Promise<boolean>;

export interface ArrayStepOptions {
  readonly command?: readonly string[];
  readonly undo?: readonly string[];
  /** ask the operator, after the command if there is one */
  readonly confirm: boolean;
}

/**
 * The array step that the user asked for, or null when there is none. `{volume}`, `{wwid}`, `{from}` and `{to}` in a word of a command stand
 * for what is moved.
 */
export function arrayStepOf(
  options: ArrayStepOptions,
  wwid: string,
  { run, ask }: { readonly run: RunHere; readonly ask: AskOperator },
): ArrayStep | null {
  const { command, undo, confirm } = options;
  if (command === undefined && !confirm) return null;
  const words = (argv: readonly string[], { volume, from, to }: MoveTexts): string[] => {
    const values: Readonly<Record<string, string>> = { volume, wwid, from, to };
    return argv.map((word) => word.replace(/\{(volume|wwid|from|to)\}/g, (_, name: string) => values[name] ?? ''));
  };
  const confirmed = async (question: string): Promise<void> => {
    if (await ask(question)) return;
    throw new LongshoreError('E_MOVE_REFUSED', 'the operator said no at the array step');
  };
  const shown = command === undefined ? 'ask the operator' : command.join(' ');
  return {
    what: confirm && command !== undefined ? `${shown}; then ask the operator` : shown,
    async handOver(move) {
      if (command !== undefined) await run(words(command, move));
      if (confirm)
        await confirmed(
          `${move.from} has nothing of ${move.volume} (${wwid}) any more: ready for unmap. Is it mapped to ${move.to}, and to ${move.from} no more?`,
        );
    },
    async giveBack(move) {
      if (undo !== undefined) await run(words(undo, move));
      else if (confirm)
        await confirmed(`The move turns back. Is ${move.volume} (${wwid}) mapped to ${move.from} again?`);
    },
  };
}
