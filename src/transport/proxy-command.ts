import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { LongshoreError } from '../errors/longshore-error.js';

/** What is kept of the command's stderr, for the error. */
const STDERR_BYTES = 2048;
/** How long the command may take to end by itself when its input ends. */
const END_MS = 500;

export interface ProxyCommand {
  /** the inventory's name, for messages */
  readonly host: string;
  /** a line for /bin/sh, tokens expanded */
  readonly command: string;
}

/**
 * Starts a ProxyCommand as ssh does: `/bin/sh -c 'exec COMMAND'`, whose stdin and stdout are the connection. It gets a session of its own, so that Ctrl-C
 * in a terminal does not cut a connection that is still needed, and it cannot ask there. The stream ends with `E_UNREACHABLE` and the
 * last of the command's stderr when the command ends first.
 */
export function openProxyCommand({ host, command }: ProxyCommand): Duplex {
  const child = spawn('/bin/sh', ['-c', `exec ${command}`], { stdio: 'pipe', detached: true });
  return new ProxyStream(child, host, command);
}

class ProxyStream extends Duplex {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #host: string;
  readonly #command: string;
  #stderr = '';
  #isGone = false;

  constructor(child: ChildProcessWithoutNullStreams, host: string, command: string) {
    super({ allowHalfOpen: false });
    this.#child = child;
    this.#host = host;
    this.#command = command;
    child.stdout.on('data', (data: Buffer) => {
      if (!this.push(data)) child.stdout.pause();
    });
    child.stderr.on('data', (data: Buffer) => {
      this.#stderr = (this.#stderr + data.toString()).slice(-STDERR_BYTES);
    });
    // the end of the command tells more
    child.stdin.on('error', () => undefined);
    child.once('error', (error) => this.#gone(error.message));
    child.once('close', (code, signal) => this.#gone(signal ?? `exit ${code ?? 0}`));
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(data: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    // the reason for an error comes with the command's end
    this.#child.stdin.write(data, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#child.stdin.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.stdin.destroy();
    if (!this.#isGone) {
      const timer = setTimeout(() => endGroup(this.#child), END_MS);
      timer.unref();
      this.#child.once('close', () => clearTimeout(timer));
      this.#child.stdout.resume();
    }
    done(error);
  }

  #gone(how: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const stderr = this.#stderr.trim();
    const last = stderr.split('\n').at(-1) ?? '';
    this.destroy(
      new LongshoreError('E_UNREACHABLE', `the ProxyCommand ended (${how})${last === '' ? '' : `: ${last}`}`, {
        host: this.#host,
        command: this.#command,
        ...(stderr === '' ? {} : { stderr }),
        remedy: 'run the command by hand; it is given by ProxyCommand in ssh_config or in ansible_ssh_common_args',
      }),
    );
  }
}

/** The command and what it started. */
function endGroup({ pid }: ChildProcessWithoutNullStreams): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // it has ended
  }
}
