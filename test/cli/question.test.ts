import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.js';
import { startSimulatedFleet } from '../../src/simulator/fleet.js';
import { scratchDirectory } from './scratch.js';

/** A terminal with a person at it, who gives these answers, one to each question. */
function personSaying(...answers: readonly string[]) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => undefined });
  const stdout = Object.assign(new PassThrough(), { isTTY: true });
  const stderr = Object.assign(new PassThrough(), { isTTY: true });
  const shown = { stdout: '', stderr: '' };
  const left = [...answers];
  stdout.setEncoding('utf8').on('data', (text: string) => (shown.stdout += text));
  stderr.setEncoding('utf8').on('data', (text: string) => {
    shown.stderr += text;
    if (text.includes('[y/N] ')) stdin.write(`${left.shift() ?? ''}\r`);
  });
  return { terminal: { stdin, stdout, stderr, env: {} }, shown, left };
}

it('a run on a terminal shows its plan and asks, and a confirm step asks again: only yes goes on', async () => {
  await using scratch = await scratchDirectory();
  await using fleet = await startSimulatedFleet({ hosts: 2 });
  const { inventoryFile, knownHostsFile } = await fleet.writeFiles(scratch.directoryPath);
  const playbook = join(scratch.directoryPath, 'play.yaml');
  writeFileSync(playbook, '- name: p\n  hosts: all\n  steps: [attach: data, confirm: Fine?, verify: data]\n');
  const args = ['-i', inventoryFile, '--known-hosts', knownHostsFile, '--state-dir', scratch.directoryPath];
  const saying = async (...answers: readonly string[]) => {
    const person = personSaying(...answers);
    const code = await runCli(['run', playbook, ...args], person.terminal);
    const [stdout, stderr] = [person.shown.stdout, person.shown.stderr].map(stripVTControlCharacters);
    return { code, stdout, stderr, unasked: person.left };
  };

  const declined = await saying('n', 'y');
  expect(declined).toMatchObject({ code: 7, unasked: ['y'] });
  expect(declined.stdout).toMatch(/dock\[01-02\] {2}data {2}\d+ changes/);
  expect(declined.stderr).toMatch(/Run this plan \([0-9a-f]{20}\)\? \[y\/N\]/);
  expect(fleet.leftovers()).toEqual([]);

  const stopped = await saying('y', 'perhaps');
  expect(stopped).toMatchObject({ code: 7, unasked: [] });
  expect(stopped.stderr).toContain('Fine? [y/N]');
  expect(stopped.stderr).toMatch(/^unfinished {2}dock\[01-02\]: steps are left$/m);
  expect(fleet.leftovers().filter((line) => line.includes('map'))).toHaveLength(2);

  const done = await saying('yes', 'Y');
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout).toMatch(/verify data {2}dock\[01-02\] {2}data {2}ok/);
});
