import { LIBRARY_COMMANDS } from './library-commands.js';
import { LIBRARY_FILES } from './library-files.js';
import { LIBRARY_FINDS } from './library-finds.js';
import { LIBRARY_FRAMES } from './library-frames.js';
import { LIBRARY_LOCKS } from './library-locks.js';
import { LIBRARY_WAITS } from './library-waits.js';
import { LIBRARY_WATCH } from './library-watch.js';

/**
 * What a lane's shell is given once: functions in POSIX sh (run on dash, busybox ash and bash by the tests). `lq` answers one request:
 *
 *     lq WORDS ID CHAIN BUDGET_MS KIND ARGUMENT...
 *
 * A reply is `\nNONCE begin ID\n`, its payload and `\nNONCE ID OK PROCESSES STATUS\n` on stdout; for `run` and `write` the same two
 * frames are put around what goes to stderr. A command's output goes straight through, so the shell never holds it; only `expectStdout`
 * has to. Payloads of the other kinds are lines that begin with a letter, see `lane-replies.ts`.
 *
 * Rules that it keeps:
 * - A line that was cut off by the end of the connection is not run: WORDS says how many words follow it.
 * - Only builtins read and test files. Patterns arrive as quoted shell text (`glob-pattern.ts`) and are expanded by `eval`.
 * - Each frame is written before what it announces, and a failed write ends the shell: once the controller is gone, sshd closes the pipe and
 *   the lane starts nothing that it has already been sent.
 * - Every fork is counted in `ln`: the command, the `timeout` before it, the subshell of a pipe or of `$(...)`, each sleep; the watch and its first sleep too,
 *   but not its further ones, one in 20 s at most.
 * - The time comes from /proc/uptime, which costs no process. Without it (not Linux) waits count their sleeps.
 * - `printf` must be a builtin, or a secret would be an argument of a process: a shell without it ends at once.
 */
export const LANE_LIBRARY: string = [
  LIBRARY_FRAMES,
  LIBRARY_FILES,
  LIBRARY_FINDS,
  LIBRARY_WATCH,
  LIBRARY_COMMANDS,
  LIBRARY_WAITS,
  LIBRARY_LOCKS,
].join('');
