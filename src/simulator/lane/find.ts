import type { FindRequest, LaneReply } from '../../transport/executor.js';
import type { SimulatedLane } from './answer.js';

/** What a lane's shell puts in the place of patterns; a `{NAME}` in one is what the find of that name has left. */
export function matching(
  { host, found }: SimulatedLane,
  patterns: readonly string[],
  atMost: number = Number.POSITIVE_INFINITY,
): readonly string[] {
  const tree = host.files();
  return patterns.flatMap((pattern) => {
    const [token = '', name] = /(?<!\\)\{([a-z]+)\}/.exec(pattern) ?? [];
    if (name === undefined) return tree.glob(pattern).slice(0, atMost);
    const at = pattern.indexOf(token);
    return (found.get(name) ?? []).flatMap((one) => {
      const text = at === 0 ? one : lastName(one);
      return tree.glob(pattern.slice(0, at) + text + pattern.slice(at + token.length)).slice(0, atMost);
    });
  });
}

/** Contents of the files that can be read, as a shell would take them for words. */
export function contentsOf(lane: SimulatedLane, patterns: readonly string[]): readonly string[] {
  return matching(lane, patterns).flatMap((filePath) => {
    const content = contentOf(lane, filePath);
    return content === null || content === '' ? [] : [content];
  });
}

/** Looks for paths, and keeps them for the patterns behind. */
export function find(lane: SimulatedLane, { name, patterns, holding }: FindRequest): LaneReply {
  const wanted = new Set([...(holding?.values ?? []), ...contentsOf(lane, holding?.valuesOf ?? [])]);
  const isWanted = (filePath: string): boolean => {
    if (holding === undefined) return true;
    if (wanted.size === 0) return false;
    const content = contentOf(lane, `${filePath}/${holding.file}`);
    return content === null ? holding.orUnreadable === true : wanted.has(content.toLowerCase());
  };
  const byName = new Map<string, string>();
  for (const filePath of matching(lane, patterns)) {
    const last = lastName(filePath);
    if (!byName.has(last) && isWanted(filePath)) byName.set(last, filePath);
  }
  const paths = [...byName.values()];
  lane.found.set(name, paths);
  return { kind: 'find', ok: true, paths };
}

function contentOf({ host }: SimulatedLane, filePath: string): string | null {
  const read = host.files().read(filePath);
  return 'content' in read ? read.content.replace(/\n+$/, '') : null;
}

function lastName(filePath: string): string {
  return filePath.slice(filePath.lastIndexOf('/') + 1);
}
