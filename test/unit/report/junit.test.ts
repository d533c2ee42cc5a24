import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { junitXml } from '../../../src/report/junit.js';
import { goodHost, hostEnd, recordOf, startOf, taskOf, volumeEnd } from './run-lines.js';

interface Suites {
  readonly testsuites: {
    readonly '@tests': string;
    readonly '@failures': string;
    readonly '@errors': string;
    readonly '@skipped': string;
    readonly testsuite: { readonly testcase: readonly Readonly<Record<string, unknown>>[] };
  };
}

function parsed(xml: string): Suites {
  return new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@' }).parse(xml) as Suites;
}

const HOSTS = ['web01', 'web02', 'web03', 'web04', 'web05'];

describe('JUnit XML of a run', () => {
  it('tells a no of the host from what nobody knows, and from a turn that did not come', () => {
    const busy = { code: 'E_DEVICE_BUSY', message: 'mounted at /srv' };
    const run = recordOf(HOSTS, [
      [0, taskOf(HOSTS)],
      ...goodHost('web01', 1, 0),
      [0, startOf('web02')],
      [2, volumeEnd('web02', { outcome: 'refused', error: busy })],
      [2, hostEnd('web02', { outcome: 'refused', error: busy })],
      [0, startOf('web03')],
      [9, hostEnd('web03', { outcome: 'unreachable', error: { code: 'E_UNREACHABLE', message: 'no route' } })],
      // its controller died
      [0, startOf('web04')],
    ]);
    const { testsuites } = parsed(junitXml(run));
    expect(testsuites).toMatchObject({ '@tests': '5', '@failures': '1', '@errors': '2', '@skipped': '1' });
    const cases = testsuites.testsuite.testcase;
    expect(cases[0]).toEqual({ '@classname': 'longshore.attach', '@name': 'web01 data', '@time': '4.000' });
    expect(cases[1]).toMatchObject({ failure: { '@type': 'E_DEVICE_BUSY', '@message': 'refused: mounted at /srv' } });
    expect(cases[2]).toMatchObject({ error: { '@type': 'E_UNREACHABLE' } });
    expect(cases[3]).toMatchObject({ error: { '@type': 'E_OUTCOME_UNKNOWN' } });
    expect(cases[4]).toMatchObject({ '@name': 'web05 data', skipped: { '@message': 'its turn did not come' } });
  });

  it('stays XML whatever a host says', () => {
    const error = { code: 'E_COMMAND', message: '</failure> & "quoted" \u0000\u001b[2J \u2028' };
    const run = recordOf(
      ['a'],
      [
        [0, taskOf(['a'])],
        [0, startOf('a')],
        [1, hostEnd('a', { outcome: 'failed', error })],
      ],
    );
    const xml = junitXml(run);
    const { testsuites } = parsed(xml);
    // oxlint-disable-next-line no-control-regex -- control characters are the subject
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
    expect(JSON.stringify(testsuites)).toContain('\\\\x1b[2J');
  });
});
