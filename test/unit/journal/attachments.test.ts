import { describe, expect, it } from 'vitest';
import { attachments } from '../../../src/journal/attachments.js';
import type { NewLine } from '../../../src/journal/journal-lines.js';
import { changeOf, doneOf, goodHost, hostEnd, recordOf, startOf, taskOf, volumeEnd } from '../report/run-lines.js';

type Lines = (readonly [second: number, line: NewLine])[];

const attach = (host: string): Lines => [[0, taskOf([host], 'attach')], ...goodHost(host, 1, 1)];
const GONE: Partial<NewLine<'volume-ended'>> = { deviceInfo: null, paths: [], sizeBytes: null };

/** What is attached after an attach on two hosts, and then a run of this verb with these lines. */
function after(verb: string, lines: Lines): readonly string[] {
  const before = ['web01', 'web02'].map((host) => recordOf([host], attach(host)));
  const task: Lines = [[0, taskOf(['web01', 'web02'], verb)]];
  const now = recordOf(['web01', 'web02'], [...task, ...lines], verb);
  return attachments([...before, now]).map(
    ({ host, state, why }) => `${host} ${state}${why === null ? '' : `: ${why}`}`,
  );
}

const ended = (host: string, more: Parameters<typeof volumeEnd>[1]): Lines => [
  [1, startOf(host)],
  [2, changeOf(host, 7)],
  [3, doneOf(host, 7)],
  [4, volumeEnd(host, more)],
  [5, hostEnd(host)],
];

describe('what is attached where, by the journals', () => {
  it.each(['detach', 'run', 'migrate', 'clean'])('is not what a %s has taken away', (verb) => {
    expect(after(verb, ended('web01', GONE))).toEqual(['web02 attached']);
  });

  it.each(['attach', 'extend', 'run', 'migrate', 'evacuate'])('is what a %s has left there', (verb) => {
    expect(after(verb, ended('web01', {})).toSorted()).toEqual(['web01 attached', 'web02 attached']);
  });

  it('is not certain where a verb has not ended, or not well', () => {
    const open: Lines = [
      [1, startOf('web01')],
      [2, changeOf('web01', 7)],
    ];
    expect(after('run', open)).toContain('web01 uncertain: run did not end');
    const unknown = ended('web01', { ...GONE, outcome: 'unknown' });
    expect(after('migrate', unknown)).toContain('web01 uncertain: migrate ended unknown');
  });
});
