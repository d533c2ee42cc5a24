import { spawn } from 'node:child_process';

/** What a command printed and how it ended; `exit` is 128 + the signal's number when a signal ended it. */
export type CommandResult = { readonly exit: number; readonly stdout: string; readonly stderr: string };

export type CommandOptions = {
  readonly timeoutMs: number;
  /** Written to the command's stdin, which is empty otherwise. */
  readonly input?: string | undefined;
  /** Bytes of output kept per stream; more is an error. */
  readonly maxBytes?: number;
};

/** A command that ran longer than it was given. Nothing is known about what it did. */
export class CommandTimeout extends Error {
  override readonly name = 'CommandTimeout';
}

/** A command that ran and reported failure. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly result: CommandResult;

  constructor(what: string, result: CommandResult) {
    super(`${what}: exit ${result.exit}\n${result.stderr.trim() || result.stdout.trim()}`);
    this.result = result;
  }
}

/** Runs a program on this machine, always within a time. */
export function runCommand(argv: readonly string[], options: CommandOptions): Promise<CommandResult> {
  const [file, ...args] = argv;
  if (file === undefined) throw new TypeError('no program given');
  const { promise, resolve, reject } = deferred<CommandResult>();
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => {
    reject(new CommandTimeout(`no answer within ${options.timeoutMs} ms: ${argv.join(' ').slice(-400)}`));
    child.kill('SIGKILL');
  }, options.timeoutMs);
  const collect = (into: Buffer[]) => (chunk: Buffer) => {
    bytes += chunk.length;
    into.push(chunk);
    if (bytes <= (options.maxBytes ?? 64 * 2 ** 20)) return;
    reject(new Error(`too much output: ${argv.join(' ').slice(-400)}`));
    child.kill('SIGKILL');
  };
  child.stdout.on('data', collect(stdout));
  child.stderr.on('data', collect(stderr));
  // A program may end before it has read its input; its exit status says what there is to say.
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  child.on('error', reject);
  child.on('close', (code, signal) => {
    const exit = code ?? 128 + (signal === 'SIGTERM' ? 15 : 9);
    resolve({ exit, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
  });
  return promise.finally(() => clearTimeout(timer));
}

/** Runs a program that has to succeed. */
export async function mustRun(argv: readonly string[], options: CommandOptions): Promise<string> {
  const result = await runCommand(argv, options);
  if (result.exit !== 0) throw new CommandFailure(argv.join(' ').slice(0, 200), result);
  return result.stdout;
}

/** A promise with its two ends: Node 20 has no `Promise.withResolvers`. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((whenDone, whenFailed) => {
    resolve = whenDone;
    reject = whenFailed;
  });
  return { promise, resolve, reject };
}
