import { describe, expect, it } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { Secret } from '../../../src/secrets/secret.js';
import { deadlineIn } from '../../../src/time/deadline.js';
import type { LaneReply, LaneRequest } from '../../../src/transport/executor.js';
import { readTrace } from '../../../src/transport/recording/read-trace.js';
import {
  HostRecording,
  recordingExecutor,
  type RecordingOptions,
} from '../../../src/transport/recording/recording-executor.js';
import { isSequence, type SequenceLine } from '../../../src/transport/recording/trace-format.js';
import { fakeExecutor, ran } from '../fleet/fake-executor.js';

const deadline = deadlineIn(10_000);

function recorder(answer: (request: LaneRequest) => LaneReply | Promise<LaneReply>, options?: RecordingOptions) {
  const file = { text: '' };
  const inner = fakeExecutor('web01', answer);
  const executor = recordingExecutor(inner, { write: (text) => void (file.text += text) }, options);
  return { executor, inner, file, sequences: () => readTrace(file.text, 'it').lines.filter(isSequence) };
}

function run(...argv: string[]): LaneRequest {
  return { kind: 'run', argv };
}

describe('a recording', () => {
  it('has a line for each sequence, in the order of issue however the answers come', async () => {
    const slow = { answer: (_reply: LaneReply): void => undefined };
    const { executor, file, sequences } = recorder((request) =>
      request.kind === 'run' && request.argv[0] === 'slow' ? new Promise((r) => (slow.answer = r)) : ran('quick\n'),
    );
    const first = executor.sequence(deadline, [run('slow'), { kind: 'read', patterns: ['/etc/*'] }]);
    await executor.sequence(deadline, [run('fast', '-x')]);
    expect(file.text.trim().split('\n')).toHaveLength(3);
    slow.answer(ran('late\n', 3, 'oops'));
    await first;
    const seen = sequences();
    expect(seen.map(({ sequence, requests }) => [sequence, requests[0]?.['argv']])).toEqual([
      [1, ['slow']],
      [2, ['fast', '-x']],
    ]);
    expect(seen[0]?.replies?.[0]).toMatchObject({ kind: 'run', ok: false, exit: 3, stdout: 'late\n', stderr: 'oops' });
  });

  it('gives what left together the same round trip', async () => {
    const { executor, sequences } = recorder(() => ran(''));
    await Promise.all([executor.sequence(deadline, [run('a')]), executor.sequence(deadline, [run('b')])]);
    await new Promise((resolve) => setImmediate(resolve));
    await executor.sequence(deadline, [run('c')]);
    expect(sequences().map(({ turn }) => turn)).toEqual([1, 1, 2]);
  });

  it('has the error of a sequence that failed, and of one that was open at the end', async () => {
    const { executor, sequences } = recorder((request) =>
      request.kind === 'run' && request.argv[0] === 'hangs'
        ? new Promise<LaneReply>(() => undefined)
        : Promise.reject(new LongshoreError('E_OUTCOME_UNKNOWN', 'lost', { remedy: 'look' })),
    );
    await expect(executor.sequence(deadline, [run('gone')])).rejects.toThrow('lost');
    void executor.sequence(deadline, [run('hangs')]);
    await executor.close();
    expect(sequences().map(({ error }) => error)).toEqual([
      { code: 'E_OUTCOME_UNKNOWN', message: 'lost', remedy: 'look' },
      expect.objectContaining({ code: 'E_OUTCOME_UNKNOWN' }),
    ]);
  });

  it('has connections that did not come about', async () => {
    const file = { text: '' };
    const recording = new HostRecording('web01', { write: (text) => void (file.text += text) });
    const refused = () => Promise.reject(new LongshoreError('E_AUTH', 'no key was accepted'));
    await expect(recording.connect(refused)).rejects.toThrow('no key');
    await recording.connect(() => Promise.resolve(fakeExecutor('web01', () => ran(''))));
    expect(readTrace(file.text, 'it').lines).toMatchObject([
      { connection: 1, error: { code: 'E_AUTH', message: 'no key was accepted' } },
      { connection: 2 },
    ]);
  });

  it('changes nothing for its user', async () => {
    const { executor, inner } = recorder(() => ran('x', 1));
    expect(await executor.sequence(deadline, [run('a')])).toEqual([ran('x', 1)]);
    expect(executor.counters()).toEqual(inner.counters());
    await Promise.all([executor.close(), executor.close()]);
    expect(inner.state).toEqual({ closed: 1, roundTrips: 1 });
  });
});

describe('secrets in a recording', () => {
  const PASSWORD = 'pla"nted\\pass=1';
  const SETTINGS = new Secret(
    `# longshore: made this record\nnode.startup = manual\nnode.session.auth.username = dock\nnode.session.auth.password = ${PASSWORD}\n`,
  );

  async function recorded(
    requests: readonly LaneRequest[],
    reply: LaneReply,
    options?: RecordingOptions,
  ): Promise<{ text: string; sequence: SequenceLine | undefined }> {
    const { executor, file, sequences } = recorder(() => reply, options);
    await executor.sequence(deadline, requests);
    return { text: file.text, sequence: sequences()[0] };
  }

  it('are marks in requests', async () => {
    const { text, sequence } = await recorded(
      [
        { kind: 'write', filePath: '/x', append: true, content: SETTINGS },
        { ...run('tee'), input: new Secret('hush!') } as LaneRequest,
      ],
      ran(''),
    );
    expect(sequence?.requests).toEqual([
      { kind: 'write', filePath: '/x', append: true, content: { secret: true } },
      { kind: 'run', argv: ['tee'], input: { secret: true } },
    ]);
    expect(text).not.toMatch(/hush|pla\\*"nted/);
  });

  it('are taken out of what the host answers, and nothing else is', async () => {
    const stdout = `# longshore: made this record\nnode.startup = manual\nCHAP ${PASSWORD}, as JSON ${JSON.stringify(PASSWORD)}\n`;
    const { sequence } = await recorded(
      [{ kind: 'write', filePath: '/x', content: SETTINGS }],
      ran(stdout, 1, PASSWORD),
    );
    expect(sequence?.replies?.[0]).toMatchObject({
      stdout: '# longshore: made this record\nnode.startup = manual\nCHAP [redacted], as JSON "[redacted]"\n',
      stderr: '[redacted]',
    });
  });

  it('are taken out of argv, error messages and paths when they are known ahead', async () => {
    const { executor, file } = recorder(() => Promise.reject(new Error('no hush-hush here')), {
      secrets: [new Secret('hush-hush')],
    });
    await expect(
      executor.sequence(deadline, [run('echo', 'hush-hush'), { kind: 'read', patterns: ['/hush-hush'] }]),
    ).rejects.toThrow();
    expect(file.text).not.toContain('hush');
  });

  it('that nobody named are known by their place', async () => {
    const { text } = await recorded([{ kind: 'read', patterns: ['/*'] }], {
      kind: 'read',
      ok: true,
      files: new Map([
        ['/sys/class/iscsi_session/session1/password', 'plainA'],
        ['/sys/class/iscsi_session/session1/password_in', 'plainB'],
        ['/etc/iscsi/nodes/x', 'node.name = x\nnode.session.auth.password = plainC\nnode.startup = manual'],
      ]),
      unreadable: [],
    });
    expect(text).not.toContain('plain');
    expect(text).toContain('node.startup = manual');
  });

  it('of one letter do not make the recording unreadable', async () => {
    const { sequence } = await recorded([run('a')], ran('a cat and 1 dog: a'), { secrets: [new Secret('a')] });
    expect(sequence?.replies?.[0]).toMatchObject({ stdout: '[redacted] cat and 1 dog: [redacted]' });
  });

  it('of several lines go line by line as well', async () => {
    const key = '-----BEGIN KEY-----\nAAAABBBB\n-----END KEY-----\n';
    const { text } = await recorded([run('a')], ran('found AAAABBBB there'), { secrets: [new Secret(key)] });
    expect(text).not.toContain('AAAABBBB');
  });
});

describe('reading a recording', () => {
  const HEADER = '{"longshore":"recording","version":1,"host":"web01"}\n';
  const LINE = '{"connection":1,"ms":2}\n';

  it('leaves out a last line that a crash has torn', () => {
    expect(readTrace(`${HEADER}${LINE}{"sequence":1,"conn`, 'it')).toEqual({
      host: 'web01',
      lines: [{ connection: 1, ms: 2 }],
    });
    expect(readTrace(HEADER, 'it').lines).toEqual([]);
  });

  it.each([
    ['', 'it is not a recording'],
    ['{"longshore":"rec', 'it is not a recording'],
    ['hello\n', 'it is not a recording'],
    ['{"longshore":"recording","version":2,"host":"web01"}\n', 'version 2, not 1'],
    [`${HEADER}{"torn\n${LINE}`, 'it:2 is not a line'],
    [
      `${HEADER}${LINE}{"sequence":1,"connection":1,"turn":1,"ms":1,"requests":[],"replies":[{"kind":"run"}]}\n`,
      'it:3 is not a line',
    ],
  ])('refuses %j', (text, message) => {
    expect(() => readTrace(text, 'it')).toThrow(message);
  });
});
