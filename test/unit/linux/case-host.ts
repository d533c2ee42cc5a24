import type { LaneReply, LaneRequest, RunReply, RunRequest } from '../../../src/transport/executor.js';
import type { CaseCommand, CaseFile } from './case-files.js';

/** Answers a fact's requests from a case, as a host with these files and these tools would. */
export function repliesOf(content: CaseFile, requests: readonly LaneRequest[]): LaneReply[] {
  const commands = [...(content.commands ?? [])];
  if (content.argv !== undefined) commands.push({ ...content, argv: content.argv });
  const unused = new Set(commands);
  const replies = requests.map((request): LaneReply => {
    switch (request.kind) {
      case 'read': {
        const wanted = request.patterns.map(globExpression);
        const matches = (path: string): boolean => wanted.some((glob) => glob.test(path));
        const files = Object.entries(content.files ?? {}).filter(([path]) => matches(path));
        return {
          kind: 'read',
          ok: true,
          files: new Map(files),
          unreadable: (content.unreadable ?? []).filter(matches),
        };
      }
      case 'list': {
        const wanted = request.patterns.map(globExpression);
        const paths = everyPath(content).filter((path) => wanted.some((glob) => glob.test(path)));
        return { kind: 'list', ok: true, paths, resolved: new Map() };
      }
      case 'run': {
        const command = commands.find((candidate) => answers(candidate, request));
        if (command !== undefined) unused.delete(command);
        return runReply(command ?? { argv: [], exit: 127, stderr: `${request.argv[0]}: not found` });
      }
      default:
        throw new Error(`a case cannot answer a ${request.kind} request`);
    }
  });
  const [stale] = unused;
  if (stale !== undefined) throw new Error(`nothing runs the case's command ${JSON.stringify(stale.argv)}`);
  return replies;
}

function answers(command: CaseCommand, request: RunRequest): boolean {
  const open = command.argv.at(-1) === '...';
  const words = open ? command.argv.slice(0, -1) : command.argv;
  return (open || words.length === request.argv.length) && words.every((word, index) => word === request.argv[index]);
}

function runReply(command: CaseCommand): RunReply {
  const { stdout = '', stderr = '', exit = 0, timedOut = false, truncated = false } = command;
  return { kind: 'run', ok: true, exit, stdout, stderr, timedOut, truncated };
}

/** Also the directories above what the case names. */
function everyPath(content: CaseFile): string[] {
  // every Linux host has it; a case is about what lies beside it
  const paths = new Set<string>(content.withoutSysfs === true ? [] : ['/sys/class/block']);
  for (const path of [...Object.keys(content.files ?? {}), ...(content.unreadable ?? []), ...(content.list ?? [])]) {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) paths.add(path.slice(0, end));
  }
  return [...paths].sort();
}

function globExpression(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return new RegExp(`^${source}$`);
}
