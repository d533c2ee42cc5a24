import { LongshoreError } from '../../errors/longshore-error.js';
import { observe } from '../../linux/fact.js';
import { type BlockedTask, processStatesFact } from '../../linux/process-states.js';
import type { Clock } from '../../time/clock.js';
import { deadlineIn } from '../../time/deadline.js';
import type { Executor, LaneReply, LaneRequest } from '../../transport/executor.js';
import type { Step } from './step.js';

/** How long the question may take, ms: the run has ended, and this is only for its message. */
const ASK_MS = 3_000;
/** Names that one message holds at most. */
const MOST = 3;
/** what the kernel keeps of a program's name */
const NAME_LENGTH = 15;

/** Programs of one run of the engine that did not end in their time: some of them may hang in the kernel, where nothing can kill them (D3). */
export class HungCommands {
  readonly #programs = new Set<string>();

  /** Notes the commands of a step that ran into their limit. */
  see(step: Step, replies: readonly LaneReply[]): void {
    step.requests.forEach((request, index) => {
      const reply = replies[index];
      if (reply?.kind === 'run' && reply.timedOut) this.#note(request);
    });
  }

  /** Notes all of a step of which nothing was heard any more. */
  lost(step: Step): void {
    step.requests.forEach((request) => this.#note(request));
  }

  /** The error, with those of the programs that the host shows in uninterruptible sleep. It is asked once, at the end; that it cannot be is no news. */
  async named<E extends Error | undefined>(error: E, executor: Executor, clock?: Clock): Promise<E | LongshoreError> {
    if (!(error instanceof LongshoreError) || this.#programs.size === 0) return error;
    const tasks = await this.#blocked(executor, clock);
    if (tasks.length === 0) return error;
    const shown = tasks.slice(0, MOST).map(({ name, pid, sleepsIn }) => {
      return `${name} (pid ${pid}) is in state D${sleepsIn === null ? '' : ` in ${sleepsIn}`}`;
    });
    return new LongshoreError(error.code, `${error.message}; it hangs in the kernel: ${shown.join(', ')}`, {
      ...error.details,
      cause: error,
    });
  }

  #note(request: LaneRequest): void {
    if (request.kind === 'run') this.#programs.add(nameOf(request.argv[0] ?? ''));
    if (request.kind === 'write') this.#programs.add('sh');
  }

  async #blocked(executor: Executor, clock: Clock | undefined): Promise<readonly BlockedTask[]> {
    try {
      const { value } = await observe(executor, deadlineIn(ASK_MS, undefined, clock), processStatesFact());
      return (value?.blocked ?? []).filter(({ name }) => this.#programs.has(name));
    } catch {
      return [];
    }
  }
}

function nameOf(program: string): string {
  return program.slice(program.lastIndexOf('/') + 1).slice(0, NAME_LENGTH);
}
