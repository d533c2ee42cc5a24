import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { deadlineIn } from '../../../src/time/deadline.js';
import { combineFacts, observe, type Fact } from '../../../src/linux/fact.js';
import { liveIdentityRequest } from '../../../src/linux/live-identity.js';
import { storageFact } from '../../../src/linux/storage-observation.js';
import type { StorageState } from '../../../src/linux/storage-state.js';
import type { Executor, LaneReply, LaneRequest } from '../../../src/transport/executor.js';
import { loadCases } from './case-files.js';
import { repliesOf } from './case-host.js';
import { HOSTILE } from './hostile-characters.js';

const skipped: LaneReply = { kind: 'skipped', ok: false };

/** Every command of these is one process on the host. */
const runs = (requests: readonly LaneRequest[]) =>
  requests.flatMap((request) => (request.kind === 'run' ? [request] : []));

describe('combined facts', () => {
  const read = (pattern: string): Fact<string[]> => ({
    requests: [{ kind: 'read', patterns: [pattern] }],
    parse: ([reply]) => (reply?.kind === 'read' ? [...reply.files.keys()] : []),
  });
  const both: Fact<number> = {
    requests: [
      { kind: 'list', patterns: ['/b'] },
      { kind: 'list', patterns: ['/c'] },
    ],
    parse: (replies) => replies.length,
  };

  test('travel in one sequence, each gets its own replies and keeps its type', async () => {
    const sent: (readonly LaneRequest[])[] = [];
    const executor = {
      sequence: (_: unknown, requests: readonly LaneRequest[]) => {
        sent.push(requests);
        const content = { about: '', files: { '/a': '1', '/d': '2' }, expect: null };
        return Promise.resolve(repliesOf(content, requests));
      },
    } as Partial<Executor> as Executor;
    const values = await observe(executor, deadlineIn(1000), combineFacts(read('/a'), both, read('/d')));
    expect(values).toEqual([['/a'], 2, ['/d']]);
    expectTypeOf(values).toEqualTypeOf<[string[], number, string[]]>();
    expect(sent).toHaveLength(1);
    expect(sent[0]).toHaveLength(4);
  });
});

describe('the storage observation', () => {
  test('starts five processes at most, none of which can change the host or end the sequence', () => {
    const commands = runs(storageFact().requests);
    expect(commands.map((run) => run.argv[0])).toEqual(['grep', 'dmsetup', 'dmsetup', 'awk', 'multipathd']);
    for (const run of commands) expect(run).toMatchObject({ readOnly: true, okExits: 'any' });
    for (const request of storageFact().requests) expect(['read', 'list', 'run']).toContain(request.kind);
  });

  test('starts fewer when less is asked for, and then mounts are unknown rather than none', () => {
    const fact = storageFact({ withMounts: false, withMultipathd: false });
    expect(runs(fact.requests).map((run) => run.argv[0])).toEqual(['grep', 'dmsetup', 'dmsetup']);
    const state = fact.parse(repliesOf({ about: '', expect: null }, fact.requests));
    expect(state.multipathd).toEqual({ usable: false, paths: null });
    expect(state.unknowns).toContainEqual({ subject: 'mounts', reason: 'was not asked for' });
  });

  test('nothing that holds a secret is read', () => {
    const patterns = storageFact().requests.flatMap((request) => (request.kind === 'read' ? request.patterns : []));
    for (const pattern of patterns) expect(pattern).not.toMatch(/password|username|iscsid\.conf|nodes/);
  });

  test('when nothing was run, every part is unknown', () => {
    const fact = storageFact();
    const state = fact.parse(fact.requests.map(() => skipped));
    expect(state.sessions).toEqual([]);
    for (const subject of [
      'iscsi_session',
      'iscsi_host',
      '/sys/fs',
      'loop',
      'dm-',
      '/proc/swaps',
      'initiatorname',
      'mounts',
      'node records',
    ]) {
      expect(state.unknowns.map((unknown) => unknown.subject).join('\n')).toContain(subject);
    }
  });

  test('whatever the tools print and wherever it is cut, the parsers end with a state (S35)', () => {
    const real = loadCases().find((found) => found.subject === 'storage' && found.name === 'iscsi-multipath');
    const fact = storageFact();
    const good = repliesOf(real?.content ?? { about: '', expect: null }, fact.requests);
    const complete = fact.parse(good);
    const mangled = fc.record({
      at: fc.nat(fact.requests.length - 1),
      cut: fc.nat(400),
      noise: fc.string({ unit: 'binary' }),
    });
    fc.assert(
      fc.property(mangled, ({ at, cut, noise }) => {
        const state = fact.parse(good.map((reply, index) => (index === at ? mangle(reply, cut, noise) : reply)));
        if (equalParts(state, complete)) return;
        // What is missing now, or different, is told.
        expect(lostSilently(state, complete)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

/** A reply as it might be when a tool or a file says something else. */
function mangle(reply: LaneReply, cut: number, noise: string): LaneReply {
  if (reply.kind === 'run') return { ...reply, stdout: reply.stdout.slice(0, cut) + noise };
  if (reply.kind !== 'read') return reply;
  const files = [...reply.files].map(([path, text], index) => [path, index === cut % 7 ? noise : text] as const);
  return { ...reply, files: new Map(files) };
}

function equalParts(a: StorageState, b: StorageState): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Kinds of objects of which there are fewer than before although no unknown says so. */
function lostSilently(state: StorageState, complete: StorageState): string[] {
  const kinds = ['sessions', 'nodeRecords', 'scsiDevices', 'dmDevices', 'mounts'] as const;
  return kinds.filter(
    (kind) => state[kind].length < complete[kind].length && state.unknowns.length <= complete.unknowns.length,
  );
}

test('a live identity is only asked of a kernel name', () => {
  expect(liveIdentityRequest('sdaa').argv.at(-1)).toBe('--device=/dev/sdaa');
  for (const character of [...HOSTILE, '.', '..']) {
    expect(() => liveIdentityRequest(`sd${character}a`)).toThrow(/is not a valid kernel device name/);
  }
  expect(() => liveIdentityRequest('')).toThrow(/is not a valid kernel device name/);
});
