import type { z } from 'zod';
import { didYouMean } from '../near-misses.js';
import { locate, type Located, toPlain } from './located.js';
import { type DocumentPath, type ProblemList, quoted } from './problems.js';

/**
 * Checks located data with a schema; every issue becomes a problem at its own line and column. undefined when there is any.
 *
 * @param knownKeys for "did you mean" on keys of the outermost mapping that the schema does not know
 */
export function check<T>(
  schema: z.ZodType<T>,
  node: Located,
  path: DocumentPath,
  problems: ProblemList,
  knownKeys: readonly string[] = [],
): T | undefined {
  const result = schema.safeParse(toPlain(node, String(path.at(-1) ?? '')));
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const at = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      const names = at.length === 0 ? knownKeys : [];
      for (const key of issue.keys) {
        const fix = didYouMean(key, names);
        const known = fix === '' && names.length > 0 ? `; known here are ${names.join(', ')}` : fix;
        problems.add(
          locate(node, [...at, key], true),
          [...path, ...at, key],
          `${quoted(key)} is not known here${known}`,
        );
      }
    } else problems.add(locate(node, at), [...path, ...at], issue.message);
  }
  return undefined;
}
