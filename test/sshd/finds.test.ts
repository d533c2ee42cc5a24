import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Executor, FindRequest, LaneReply } from '../../src/transport/executor.js';
import { soon, type Subject, SUBJECTS } from './executors.js';

/** What a find leaves for the requests behind it, on every way to a host. */
describe.each(SUBJECTS)('finds by $name', ({ makeSubject }) => {
  let subject: Subject;
  let executor: Executor;
  const inside = (name: string): string => subject.files.inside(name);
  const holding = (name: string, patterns: readonly string[], values: readonly string[]): FindRequest => ({
    kind: 'find',
    name,
    patterns,
    holding: { file: 'kind', values },
  });
  const names = (reply: LaneReply | undefined): readonly string[] =>
    reply?.kind === 'find' || reply?.kind === 'list'
      ? reply.paths.map((one) => one.slice(inside('few').length - 3)).sort()
      : [`not found: ${JSON.stringify(reply)}`];

  /** directories, each with a file `kind` of this content */
  function directories(prefix: string, kinds: readonly string[]): void {
    kinds.forEach((kind, index) => {
      const name = `${prefix}${index}`;
      subject.files.mkdir(name);
      subject.files.write(`${name}/kind`, `${kind}\n`);
    });
  }

  beforeAll(async () => {
    subject = await makeSubject();
    executor = await subject.connect();
    directories('few', ['iqn.a', 'iqn.b', 'IQN.A', 'iqn.a.longer']);
    directories('many', [...Array.from({ length: 30 }, (_, index) => `other ${index}`), 'iqn.a', 'IQN.A', 'xiqn.a']);
    subject.files.mkdir('few9');
    for (const name of ['one', 'two', 'three']) subject.files.write(`few0/leaf ${name}`, name);
  });
  afterAll(async () => {
    await executor.close();
    await subject.close();
  });

  test.each(['few', 'many'])('takes what holds a value as a whole, in upper or lower case: %s', async (prefix) => {
    const [found] = await executor.sequence(soon(), [holding('some', [`${inside(prefix)}*`], ['iqn.a', 'iqn.z'])]);
    expect(names(found)).toEqual(prefix === 'few' ? ['few0', 'few2'] : ['many30', 'many31']);
  });

  test('takes what cannot be read only when asked to', async () => {
    const find = holding('some', [`${inside('few')}*`], ['iqn.b']);
    const orUnreadable = { ...find, holding: { file: 'kind', values: ['iqn.b'], orUnreadable: true } };
    const [strict, careful] = await executor.sequence(soon(), [find, orUnreadable]);
    expect([names(strict), names(careful)]).toEqual([['few1'], ['few1', 'few9']]);
  });

  test('values may come from files, and without any nothing is found', async () => {
    const find = (name: string): FindRequest => ({
      kind: 'find',
      name: 'some',
      patterns: [`${inside('many')}*`],
      holding: { file: 'kind', values: [], valuesOf: [inside(name)] },
    });
    const [two, none] = await executor.sequence(soon(), [find('few0/kind'), find('no/such file')]);
    expect([names(two), names(none)]).toEqual([['many30', 'many31'], []]);
  });

  test('reads, lists, commands and further finds go on from what was found', async () => {
    const replies = await executor.sequence(soon(), [
      holding('some', [`${inside('few')}*`], ['iqn.a', 'iqn.b']),
      { kind: 'read', patterns: ['{some}/kind', '{some}/none'] },
      { kind: 'list', patterns: ['{some}/leaf *'], atMost: 2 },
      { kind: 'list', patterns: [`${inside('few').slice(0, -3)}{some}/leaf t*`] },
      { kind: 'find', name: 'leaf', patterns: ['{some}/leaf one', '{some}/leaf t*'] },
      { kind: 'run', argv: ['cat'], globs: ['{leaf}'] },
      { kind: 'run', argv: ['echo'], contentsOf: ['{some}/kind'], when: ['{leaf}'] },
      { kind: 'run', argv: ['echo', 'not'], when: ['{some}/none'] },
      { kind: 'run', argv: ['echo', '{}'], nameFrom: ['{some}/leaf th*'] },
    ]);
    const [, read, some, byName, leaf, cat, echo, not, name] = replies;
    expect(read).toMatchObject({ unreadable: [] });
    expect(read.kind === 'read' ? [...read.files.values()] : []).toEqual(['iqn.a', 'iqn.b', 'IQN.A']);
    expect(names(some)).toEqual(['few0/leaf one', 'few0/leaf three']);
    expect(names(byName)).toEqual(['few0/leaf three', 'few0/leaf two']);
    expect(names(leaf)).toEqual(['few0/leaf one', 'few0/leaf three', 'few0/leaf two']);
    const said = [cat, echo, not, name].map((reply) => (reply.kind === 'run' ? reply.stdout : ''));
    expect(said).toEqual(['onethreetwo', 'iqn.a iqn.b IQN.A\n', '', 'leaf three\n']);
  });

  test('of paths with one last name the first is taken', async () => {
    const [found] = await executor.sequence(soon(), [
      { kind: 'find', name: 'kinds', patterns: [`${inside('few1')}/kind`, `${inside('few')}*/kind`] },
    ]);
    expect(names(found)).toEqual(['few1/kind']);
  });

  test('few places cost no process, many cost one', async () => {
    const before = executor.counters().remoteProcesses;
    await executor.sequence(soon(), [holding('some', [inside('few[01]')], ['iqn.a'])]);
    const few = executor.counters().remoteProcesses;
    await executor.sequence(soon(), [holding('some', [`${inside('many')}*`], ['iqn.a'])]);
    expect([few - before, executor.counters().remoteProcesses - few]).toEqual([0, 1]);
  });

  test('what is no name or no plain pattern is refused before it is sent', async () => {
    const bad = [{ kind: 'find', name: 'x y', patterns: ['/tmp'] }, holding('x', ['{y}/z'], ['a'])] as const;
    for (const request of bad) {
      await expect(executor.sequence(soon(), [request])).rejects.toMatchObject({ code: 'E_USAGE' });
    }
  });
});
