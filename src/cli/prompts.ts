import type { Secret } from '../secrets/secret.js';
import { LongshoreError } from '../errors/longshore-error.js';
import { askSecret } from './ask-secret.js';
import { askYesNo } from './ask-yes-no.js';
import type { Terminal } from './terminal.js';

/** Questions that come up while a run is at work, one at a time. On a terminal only: in a pipe there is nobody to ask. */
export class Prompts {
  readonly #terminal: Terminal;
  readonly #beforeAsking: () => void;
  #turn: Promise<unknown> = Promise.resolve();
  #asking = 0;

  /** `beforeAsking` takes away what else is on the terminal: a progress bar. */
  constructor(terminal: Terminal, beforeAsking: () => void) {
    this.#terminal = terminal;
    this.#beforeAsking = beforeAsking;
  }

  /** While it is true the terminal belongs to the question. */
  get isAsking(): boolean {
    return this.#asking > 0;
  }

  /** Null when there is nobody to ask. */
  async passphrase(filePath: string, isSecondTry: boolean): Promise<Secret | null> {
    const { stdin, stderr } = this.#terminal;
    if (stdin.isTTY !== true || stderr.isTTY !== true) return null;
    const question = `${isSecondTry ? 'that did not unlock it; ' : ''}passphrase for ${filePath}: `;
    this.#asking += 1;
    const answer = this.#turn.then(() => this.#ask(question));
    this.#turn = answer.catch(() => undefined);
    try {
      return await answer;
    } finally {
      this.#asking -= 1;
    }
  }

  /** Yes or no; null when there is nobody to ask. Only "y" and "yes" are a yes. */
  async confirm(question: string): Promise<boolean | null> {
    const { stdin, stderr } = this.#terminal;
    if (stdin.isTTY !== true || stderr.isTTY !== true) return null;
    this.#asking += 1;
    const answer = this.#turn.then(() => {
      this.#beforeAsking();
      return askYesNo(question, this.#terminal);
    });
    this.#turn = answer.catch(() => undefined);
    try {
      return await answer;
    } finally {
      this.#asking -= 1;
    }
  }

  async #ask(question: string): Promise<Secret> {
    this.#beforeAsking();
    try {
      return await askSecret(question, this.#terminal);
    } catch (error) {
      // readline takes Ctrl-C for itself; it is meant for the whole run, whose end must not find a host that failed before
      if (error instanceof LongshoreError && error.code === 'E_INTERRUPTED') process.emit('SIGINT');
      throw error;
    }
  }
}
