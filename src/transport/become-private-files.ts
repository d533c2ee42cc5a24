/** The patterns that can be matched on the host by the user of the login: those outside of the private directories. */
export function readablePatterns(
  patterns: readonly string[],
  privateDirectories: readonly string[],
): readonly string[] {
  return patterns.filter((pattern) => !privateDirectories.some((directory) => pattern.startsWith(`${directory}/`)));
}

/** The paths that match, in the order of the patterns, each once. Patterns are those of `Executor`: `*`, `?`, `[...]`, `\`. */
export function matchingPaths(patterns: readonly string[], paths: readonly string[]): readonly string[] {
  return [...new Set(patterns.flatMap((pattern) => paths.filter((one) => patternExpression(pattern).test(one))))];
}

function patternExpression(pattern: string): RegExp {
  const source = pattern.replaceAll(
    /\\(.)|\[(!?)([A-Za-z0-9_.:-]+)\]|([*?])|([^A-Za-z0-9/_-])/g,
    (_whole, escaped?: string, not?: string, set?: string, star?: string, other?: string) => {
      if (set !== undefined) return `[${not === '!' ? '^/' : ''}${set}]`;
      if (star !== undefined) return star === '*' ? '[^/]*' : '[^/]';
      return (escaped ?? other ?? '').replace(/[^A-Za-z0-9]/, String.raw`\$&`);
    },
  );
  return new RegExp(`^${source}$`);
}
