import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FileTree } from '../../src/simulator/files/file-tree.js';

const FILES = [
  'sys/block/sda/size',
  'sys/block/sdb/size',
  'sys/block/sdaa/size',
  'sys/block/dm-0/dm/name',
  'sys/block/dm-10/dm/name',
  'sys/class/0:0:0:1/state',
  'sys/class/0:0:0:12/state',
  'sys/class/Upper/file',
  'sys/class/lower/file',
  'sys/class/.hidden/file',
  'sys/class/[odd]/file',
  'sys/class/back\\slash/file',
  'sys/class/sp ace/file',
  'sys/class/star*/file',
  'sys/class/ünder/file',
  'etc/nodes/iqn.2010-10.org.sim:array/10.1.0.1,3260',
  'etc/nodes/iqn.2010-10.org.sim:array/10.2.0.1,3260,1/default',
];
const LINKS = [
  ['sys/link', 'sys/block'],
  ['sys/class/dangling', 'nowhere'],
  ['sys/class/tofile', 'sys/block/sda/size'],
] as const;

let root = '';
const tree = new FileTree();

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'glob-'));
  for (const file of FILES) {
    mkdirSync(join(root, dirname(file)), { recursive: true });
    writeFileSync(join(root, file), 'x\n');
    tree.file(`${root}/${file}`, 'x\n');
  }
  for (const [link, to] of LINKS) {
    symlinkSync(join(root, to), join(root, link));
    tree.link(`${root}/${link}`, `${root}/${to}`);
  }
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

/** What /bin/sh makes of a pattern; the names that exist, as the lanes take them. */
function shellGlob(patterns: readonly string[]): readonly (readonly string[])[] {
  // the pattern comes from a variable, so that no quoting of ours stands between it and the shell's expansion
  const script =
    'IFS=; for p do for f in $p; do if [ -e "$f" ] || [ -L "$f" ]; then printf "%s\\n" "$f"; fi; done; echo =; done';
  const { stdout } = spawnSync('/bin/sh', ['-c', script, 'sh', ...patterns], {
    encoding: 'utf8',
    env: { LC_ALL: 'C' },
  });
  return stdout
    .split('=\n')
    .slice(0, -1)
    .map((part) => part.split('\n').filter((line) => line !== ''));
}

const PATTERNS = [
  'sys/block/*',
  'sys/block/sd?',
  'sys/block/sd[ab]/size',
  'sys/block/sd[!a]',
  'sys/block/sd[a-b]*',
  'sys/block/dm-*/dm/name',
  'sys/block/dm-[0-9]',
  'sys/link/sd*/size',
  'sys/*/*/state',
  'sys/class/*',
  'sys/class/.*n',
  'sys/class/*:*:*:1',
  'sys/class/*:*:*:1*',
  'sys/class/[[]odd]',
  'sys/class/[[]*',
  'sys/class/*[*]',
  'sys/class/[[:upper:]]*',
  'sys/class/[!l]*r',
  'sys/class/[]x]*',
  'sys/class/[z-a]*',
  'sys/class/dangling',
  'sys/class/dang*',
  'sys/class/dang*/x',
  'sys/class/tof*',
  'sys/class/tof*/x',
  'sys/class/Upp*/../lower/f*',
  'sys/block/sda/size/x',
  'sys/block/*/',
  'sys/[',
  'sys/class/sp*',
  'sys//block/sd*',
  'etc/nodes/iqn.2010-10.org.sim:array/10.1.0.1,3260',
  'etc/nodes/*/*',
  'etc/nodes/*/*/*',
  'etc/nodes/*/10.2.0.1,3260,*/default',
  'nothing/*',
];

describe('globs in the simulator', () => {
  it('match what a real sh matches, in the same order', () => {
    const absolute = PATTERNS.map((pattern) => `${root}/${pattern}`);
    const real = shellGlob(absolute);
    expect(absolute.map((pattern) => [pattern, tree.glob(pattern)])).toEqual(
      absolute.map((pattern, index) => [pattern, real[index]]),
    );
  });

  it('match what a real sh matches, for patterns that nobody thought of', () => {
    const piece = fc.constantFrom(
      '*',
      '?',
      's',
      'd',
      'a',
      '0',
      ':',
      '[a-d]',
      '[!s]',
      '[0:]',
      '.',
      '-',
      'sd',
      'dm',
      '*:',
    );
    const component = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(''));
    const pattern = fc
      .tuple(fc.constantFrom('sys/block', 'sys/class', 'sys/*', 'sys/link', 'etc/nodes/*'), component)
      .map((parts) => `${root}/${parts.join('/')}`);
    fc.assert(
      fc.property(fc.array(pattern, { minLength: 30, maxLength: 30 }), (patterns) => {
        expect(patterns.map((one) => tree.glob(one))).toEqual(shellGlob(patterns));
      }),
      { numRuns: 10, seed: 20 },
    );
  });
});
