import type { SimulatedHost } from '../host-model.js';

/** One run of a program on a simulated host. */
export interface ToolCall {
  readonly host: SimulatedHost;
  /** with the program's name first */
  readonly argv: readonly string[];
  readonly input: string;
  /** aborts when the program is killed; whatever waits gives up then */
  readonly signal: AbortSignal;
}

export interface ToolResult {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program: what it does to the host's model, and what it prints. */
export type Tool = (call: ToolCall) => ToolResult | Promise<ToolResult>;

/** The exit of a program that was killed while it waited; whoever killed it does not look at it. */
export const KILLED: ToolResult = { exit: 137, stdout: '', stderr: '' };

export function printed(stdout: string, exit = 0): ToolResult {
  return { exit, stdout, stderr: '' };
}

export function complained(stderr: string, exit = 1, stdout = ''): ToolResult {
  return { exit, stdout, stderr: stderr === '' || stderr.endsWith('\n') ? stderr : `${stderr}\n` };
}

/** Lines as a program prints them: each with a newline, nothing for none. */
export function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('');
}
