import { LongshoreError } from '../errors/longshore-error.js';
import type { Deadline } from '../time/deadline.js';
import type { Executor, LaneReply, LaneRequest, RepliesTo, RunReply, RunRequest } from './executor.js';
import { matchingPaths, readablePatterns } from './become-private-files.js';

/** How single commands become another user, on hosts whose rules allow certain commands only. */
export interface BecomeEachCommand {
  readonly method: 'sudo' | 'doas';
  /** default root */
  readonly user?: string;
  /** programs that need no other user */
  readonly plainPrograms: readonly string[];
  /** directories that only the other user can look into: their names are found by `listing` */
  readonly privateDirectories: readonly string[];
  /** the command that prints the paths of all files in them, one on a line */
  readonly listing: readonly string[];
}

/** A request as the lane gets it, and how its reply is to be read. */
interface Translated {
  readonly request: LaneRequest;
  readonly reply: (reply: LaneReply) => LaneReply;
}

/**
 * The same host with every command under `sudo -n --` (or doas), writes by `tee`, and reads, lists and waits as the user of the login. Nothing asks
 * for a password. Patterns below the private directories are matched here, against what the listing shows, for one round trip more; a sequence
 * is cut there, and goes on only when everything before was ok.
 *
 * A command that the rules do not allow rejects the sequence with `E_BECOME`: its exit code must not be taken for the command's own.
 */
export function becomeEachCommand(executor: Executor, become: BecomeEachCommand): Executor {
  return {
    host: executor.host,
    sequence<const R extends readonly LaneRequest[]>(deadline: Deadline, requests: R): Promise<RepliesTo<R>> {
      return runSequence(executor, become, deadline, requests) as Promise<RepliesTo<R>>;
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}

async function runSequence(
  executor: Executor,
  become: BecomeEachCommand,
  deadline: Deadline,
  requests: readonly LaneRequest[],
): Promise<readonly LaneReply[]> {
  const replies: LaneReply[] = [];
  let paths: readonly string[] | null = null;
  while (replies.length < requests.length) {
    const part: Translated[] = [];
    let listsNext = false;
    for (const request of requests.slice(replies.length)) {
      listsNext = paths === null && looksInside(request, become);
      if (listsNext) break;
      part.push(translate(request, become, paths ?? [], executor.host));
      if (request.kind === 'write' || (request.kind === 'run' && request.readOnly !== true)) paths = null;
    }
    // what was found before the sequence was cut is found again, for the patterns behind it
    const finds = requests.slice(0, replies.length).filter(({ kind }) => kind === 'find');
    const own = [...part.map(({ request }) => request), ...(listsNext ? [listingRequest(become)] : [])];
    const all: readonly LaneReply[] = await executor.sequence(deadline, [...finds, ...own]);
    const heard = all.slice(finds.length);
    for (const [index, { reply }] of part.entries()) replies.push(reply(answered(heard[index])));
    if (!listsNext) continue;
    const listing = answered(heard[part.length]);
    if (listing.kind !== 'run') {
      // something before it was not ok
      for (const _ of requests.slice(replies.length)) replies.push({ kind: 'skipped', ok: false });
      break;
    }
    const heardListing = ownReply(listing, become.listing, become, executor.host);
    // 1: one of the directories is not there
    if (heardListing.exit !== 0 && heardListing.exit !== 1) throw notAllowed(become.listing, become, executor.host);
    paths = listing.stdout.split('\n').filter((line) => line !== '');
  }
  return replies;
}

function answered(reply: LaneReply | undefined): LaneReply {
  return reply ?? { kind: 'skipped', ok: false };
}

function listingRequest(become: BecomeEachCommand): RunRequest {
  return { kind: 'run', argv: prefixed(become.listing, become), okExits: 'any', boundsItself: true, readOnly: true };
}

function prefixed(argv: readonly string[], { method, user, plainPrograms }: BecomeEachCommand): readonly string[] {
  const isOther = user !== undefined && user !== 'root';
  if (plainPrograms.includes(argv[0] ?? '')) return argv;
  if (method === 'doas') return ['doas', '-n', ...(isOther ? ['-u', user] : []), ...argv];
  return ['sudo', '-n', ...(isOther ? ['-u', user] : []), '--', ...argv];
}

/** Whether a request has patterns below a private directory. Content of private files is never asked for but by a command. */
function looksInside(request: LaneRequest, become: BecomeEachCommand): boolean {
  const patterns =
    request.kind === 'list'
      ? request.patterns
      : request.kind === 'write'
        ? [request.filePath].flat()
        : request.kind === 'run'
          ? [...(request.globs ?? []), ...(request.when ?? [])]
          : [];
  return readablePatterns(patterns, become.privateDirectories).length < patterns.length;
}

function translate(
  request: LaneRequest,
  become: BecomeEachCommand,
  paths: readonly string[],
  host: string,
): Translated {
  switch (request.kind) {
    case 'run':
      return translateRun(request, become, paths, host);
    case 'write': {
      const { filePath, content, append } = request;
      const patterns = [filePath].flat();
      const isPrivate = readablePatterns(patterns, become.privateDirectories).length < patterns.length;
      const found = isPrivate ? matchingPaths(patterns, paths) : patterns;
      const [only] = found;
      if (only === undefined || found.length > 1) {
        const error = only === undefined ? 'no such file' : `matches ${found.length} files`;
        return instead(NEVER, { kind: 'write', ok: false, error });
      }
      const argv = ['tee', ...(append === true ? ['-a'] : []), only];
      const run: RunRequest = { kind: 'run', argv: prefixed(argv, become), input: content };
      return {
        request: run,
        reply(reply) {
          if (reply.kind !== 'run') return reply;
          const { ok, stderr } = ownReply(reply, argv, become, host);
          // its stdout is what was written, and may be a secret
          return { kind: 'write', ok, error: ok ? '' : stderr.trim() };
        },
      };
    }
    case 'list': {
      const { patterns } = request;
      const readable = readablePatterns(patterns, become.privateDirectories);
      if (readable.length === patterns.length) return asIs(request);
      const inside = matchingPaths(
        patterns.filter((pattern) => !readable.includes(pattern)),
        paths,
      );
      return {
        request: { ...request, patterns: readable },
        reply: (reply) => (reply.kind === 'list' ? { ...reply, paths: [...inside, ...reply.paths] } : reply),
      };
    }
    case 'wait': {
      const { outputLacks } = request;
      if (outputLacks === undefined) return asIs(request);
      return asIs({ ...request, outputLacks: { ...outputLacks, argv: prefixed(outputLacks.argv, become) } });
    }
    case 'read':
    case 'find':
    case 'lock':
      return asIs(request);
  }
}

function translateRun(
  request: RunRequest,
  become: BecomeEachCommand,
  paths: readonly string[],
  host: string,
): Translated {
  const { argv, globs = [], when = [], ...rest } = request;
  const readableGlobs = readablePatterns(globs, become.privateDirectories);
  const readableWhen = readablePatterns(when, become.privateDirectories);
  const holds = readableWhen.length < when.length && matchingPaths(when, paths).length > 0;
  const asked = holds ? [] : readableWhen;
  if (when.length > 0 && !holds && asked.length === 0) {
    return instead(ALWAYS, NOT_RUN);
  }
  const found = matchingPaths(
    globs.filter((glob) => !readableGlobs.includes(glob)),
    paths,
  );
  const run: RunRequest = {
    ...rest,
    argv: [...prefixed(argv, become), ...found],
    ...(readableGlobs.length === 0 ? {} : { globs: readableGlobs }),
    ...(asked.length === 0 ? {} : { when: asked }),
  };
  return {
    request: run,
    reply(reply) {
      return reply.kind === 'run' ? ownReply(reply, argv, become, host) : reply;
    },
  };
}

const ALWAYS: LaneRequest = { kind: 'wait', timeoutMs: 0 };
const NEVER: LaneRequest = { kind: 'wait', present: ['/proc/no-such-file'], timeoutMs: 0 };
const NOT_RUN: LaneReply = {
  kind: 'run',
  ok: true,
  exit: 0,
  stdout: '',
  stderr: '',
  timedOut: false,
  truncated: false,
};

function asIs(request: LaneRequest): Translated {
  return { request, reply: (reply) => reply };
}

function instead(request: LaneRequest, known: LaneReply): Translated {
  return { request, reply: (reply) => (reply.kind === 'skipped' ? reply : known) };
}

/** What sudo and doas say when it is they who end, and not the command. */
const REFUSED = /^(?:sudo: (?!unable to resolve host)|doas: |Sorry, user |\S+ is not (?:in the sudoers|allowed))/im;

const MISSING = /^(?:sudo|doas): .*: command not found$/m;

/** The reply as the command's own. Throws `E_BECOME` when the command was not run; one that is not installed exits 127, as without sudo. */
function ownReply(reply: RunReply, argv: readonly string[], become: BecomeEachCommand, host: string): RunReply {
  if (reply.exit !== 1 || !REFUSED.test(reply.stderr)) return reply;
  if (MISSING.test(reply.stderr)) return { ...reply, exit: 127 };
  throw notAllowed(argv, become, host);
}

function notAllowed(argv: readonly string[], { method }: BecomeEachCommand, host: string): LongshoreError {
  const command = argv.slice(0, 6).join(' ').replaceAll(/\s+/g, ' ').slice(0, 120);
  return new LongshoreError('E_BECOME', `${method} on ${host} does not allow: ${command}`, {
    host,
    remedy: '`longshore sudoers` prints the rules that are needed',
  });
}
