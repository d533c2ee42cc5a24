import path from 'node:path';
import type { Located, LocatedMap } from '../source/located.js';
import { type ProblemList, quoted, type SourcePosition } from '../source/problems.js';
import { readDocument } from '../source/read-document.js';
import type { GroupGraph } from './group-graph.js';
import { parseScriptGroups } from './parse-script-groups.js';
import { variablesOf } from './parse-yaml-groups.js';

/** Runs an executable inventory with `--list` or `--host NAME`. Child processes live in `src/transport/`, so this is given from outside. */
export type RunExecutable = (
  filePath: string,
  args: readonly string[],
) => Promise<{ readonly stdout: string; readonly stderr: string; readonly exit: number | null }>;

/** How many `--host` calls run at once for a script without `_meta`. */
const HOST_CALLS = 4;

/** Runs the script and reads what it prints; positions are those in its output. */
export async function readScript(
  filePath: string,
  run: RunExecutable,
  graph: GroupGraph,
  problems: ProblemList,
): Promise<void> {
  const root = await printed(filePath, ['--list'], run, problems);
  if (root === null || parseScriptGroups(root, graph, problems) || problems.count > 0) return;
  const waiting = [...graph.hosts.values()];
  const worker = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      const vars = await printed(filePath, ['--host', host.name], run, problems);
      if (vars === null) continue;
      for (const [name, variable] of variablesOf(vars, ['--host', host.name])) host.vars.set(name, variable);
    }
  };
  await Promise.all(Array.from({ length: HOST_CALLS }, worker));
}

async function printed(
  filePath: string,
  args: readonly string[],
  run: RunExecutable,
  problems: ProblemList,
): Promise<LocatedMap | null> {
  const name = `${filePath} ${args.join(' ')}`;
  const start: SourcePosition = { filePath: name, line: 1, column: 1 };
  let output: Awaited<ReturnType<RunExecutable>>;
  try {
    output = await run(path.resolve(filePath), args);
  } catch (error) {
    problems.add(
      start,
      [],
      `could not be run: ${quoted(error instanceof Error ? error.message : String(error))}; check its permissions and first line`,
    );
    return null;
  }
  if (output.exit !== 0) {
    const said = output.stderr.trim().split('\n').at(-1) ?? '';
    problems.add(
      start,
      [],
      `ended with exit ${output.exit ?? 'by a signal'}${said === '' ? '' : ` and said ${quoted(said)}`}; run it by hand and mend it`,
    );
    return null;
  }
  const root: Located | null = readDocument(output.stdout, name, problems);
  if (root?.kind === 'map') return root;
  if (problems.count === 0) problems.add(root?.position ?? start, [], 'must print one JSON object');
  return null;
}
