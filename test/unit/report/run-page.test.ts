import { describe, expect, it } from 'vitest';
import type { RunRecord } from '../../../src/journal/run-record.js';
import { runPage } from '../../../src/report/run-page/run-page.js';
import { changeOf, goodHost, hostEnd, recordOf, startOf, taskOf, volumeEnd } from './run-lines.js';

/** Without white space that a browser would not show either. */
function pageOf(run: RunRecord, state = 'finished'): string {
  return runPage(run, state)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?(<\/?(?:div|h3|p|section)[^>]*>) ?/g, '$1');
}

const many = Array.from({ length: 30 }, (_, index) => `web${String(index + 1).padStart(2, '0')}`);

describe('the page of a run', () => {
  it('tells once what was the same on many hosts, and apart what was not', () => {
    const error = { code: 'E_DEVICE_BUSY', message: 'mounted at /srv', remedy: 'unmount it' };
    const page = pageOf(
      recordOf(
        [...many, 'db1'],
        [
          [0, taskOf([...many, 'db1'])],
          ...many.flatMap((host, index) => goodHost(host, index + 1, index / 10)),
          [0, startOf('db1')],
          [2, volumeEnd('db1', { outcome: 'refused', error, paths: [], deviceInfo: null })],
          [2, hostEnd('db1', { outcome: 'refused', error })],
        ],
      ),
    );
    expect(page.match(/class="card"><h3>/g)).toHaveLength(2);
    expect(page).toContain('<h3>web[01-30]');
    expect(page).toContain('<code>E_DEVICE_BUSY</code> mounted at /srv');
    expect(page.indexOf('<h3>db1')).toBeLessThan(page.indexOf('<h3>web[01-30]'));
    expect(page).toMatch(
      /<span class="badge refused">1 refused<\/span> <span class="badge changed">30 changed<\/span>/,
    );
    // one bar for each host, one step for each change
    expect(page.match(/<rect class="bar"/g)).toHaveLength(31);
    expect(page.match(/<rect class="step/g)).toHaveLength(30);
  });

  it('takes hosts for alike whose volumes, disks and maps have other names', () => {
    const lines = ['web01', 'web02'].flatMap((host, index) => {
      const wwid = `36001${index}`;
      const disk = `sd${'ab'[index]}`;
      return [
        [0, startOf(host)] as const,
        [1, changeOf(host, index + 1, { step: `remove ${wwid} ${disk} (${index}:0:0:1)` })] as const,
        [2, volumeEnd(host, { wwid, warnings: [`map ${wwid} (dm-${index}) is degraded`] })] as const,
        [2, hostEnd(host)] as const,
      ];
    });
    const page = pageOf(recordOf(['web01', 'web02'], [[0, taskOf(['web01', 'web02'])], ...lines]));
    expect(page).toContain('<h3>web[01-02]');
    expect(page).toContain('Names and commands are those of web01');
  });

  it('says what was under way when the controller died', () => {
    const page = pageOf(
      recordOf(
        ['web01', 'web02'],
        [
          [0, taskOf(['web01', 'web02'])],
          [0, startOf('web01')],
          [1, changeOf('web01', 1, { command: 'iscsiadm -m node --login' })],
        ],
      ),
      'not finished: its controller died',
    );
    expect(page).toContain('not finished: its controller died');
    expect(page).toContain('not known: the run ended before it could say');
    expect(page).toContain('iscsiadm -m node --login');
    expect(page).toMatch(/<h3>web02.*not run/);
  });

  it('draws each path from the host to the map, missing ones dashed', () => {
    const page = pageOf(recordOf(['web01'], [[0, taskOf(['web01'])], ...goodHost('web01', 1, 0)]));
    expect(page).toContain('aria-label="paths of data on web01"');
    expect(page).toContain('10.1.0.1:3260');
    expect(page).toContain('sda 2:0:0:1');
    expect(page.match(/class="link gone"/g)).toHaveLength(3);
    expect(page.match(/class="link "/g)).toHaveLength(3);
  });

  it('lets nothing from a host or a file become HTML', () => {
    const evil = '<script>alert(1)</script>"\'&\u001b[2J\u202e';
    const error = { code: 'E_COMMAND', message: evil, remedy: evil };
    const page = pageOf(
      recordOf(
        [evil],
        [
          [0, taskOf([evil], evil, evil)],
          [0, startOf(evil)],
          [1, changeOf(evil, 1, { what: evil, command: evil })],
          [2, volumeEnd(evil, { outcome: 'failed', error, warnings: [evil], left: [evil], wwid: evil })],
          [2, hostEnd(evil, { outcome: 'failed', error })],
        ],
        evil,
      ),
    );
    expect(page).not.toContain('<script');
    expect(page).not.toContain('\u001b');
    expect(page).not.toContain('\u202e');
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;');
  });
});
