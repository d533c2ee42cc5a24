import { describe, expect, it } from 'vitest';
import { wayOn } from '../../../src/cli/way-on.js';
import { recordOf } from '../report/run-lines.js';

const lineOf = (verb: string): string => wayOn(recordOf(['web01'], [], verb));

describe('what is said of a run that did not come to its end', () => {
  it.each(['attach', 'detach'])('%s: it can be finished or undone', (verb) => {
    expect(lineOf(verb)).toMatch(/^To finish it: longshore resume \S+; to undo .*longshore resume \S+ --undo$/);
  });

  it.each(['extend', 'run'])('%s: it can only be finished', (verb) => {
    expect(lineOf(verb)).toMatch(/^To finish it: longshore resume \S+$/);
  });

  it.each([
    ['migrate', 'the same longshore migrate again'],
    ['evacuate', 'the same longshore evacuate again'],
    ['clean', 'the same longshore clean again'],
    ['sweep', 'longshore sweep, which looks again'],
    ['exec', 'only a look at them'],
  ])('%s: nothing that resume would refuse', (verb, says) => {
    expect(lineOf(verb)).toContain(says);
    expect(lineOf(verb)).not.toContain('resume');
  });

  it('a run that resumed another points to that one', () => {
    const record = recordOf(['web01'], [], 'detach');
    const start = { ...record.start, resumes: { run: '20261125-010000-00000000', mode: 'undo' as const } };
    expect(wayOn({ start })).toContain('longshore resume 20261125-010000-00000000 --undo');
    expect(wayOn({ start })).not.toContain(record.start.run);
  });
});
