import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startProgress } from '../../../src/cli/progress.js';
import { RunTracker } from '../../../src/cli/run-tracker.js';
import type { Terminal } from '../../../src/cli/terminal.js';

function terminal(isTTY: boolean): { terminal: Terminal; written: () => string } {
  const stderr = Object.assign(new PassThrough(), {
    isTTY,
    columns: 100,
    cursorTo: () => true,
    moveCursor: () => true,
    clearLine: () => true,
    clearScreenDown: () => true,
  });
  const { stdin, stdout } = process;
  return { terminal: { stdin, stdout, stderr, env: {} }, written: () => String(stderr.read() ?? '') };
}

function run(isTTY: boolean, logLevel: 'warn' | 'debug'): string {
  const at = terminal(isTTY);
  const tracker = new RunTracker();
  tracker.onEvent({ type: 'run-started', run: 'r', verb: 'attach', hosts: ['a', 'b', 'c'] });
  tracker.onEvent({ type: 'host-started', host: 'a' });
  tracker.onEvent({ type: 'host-started', host: 'b' });
  tracker.onEvent({ type: 'host-ended', host: 'a', outcome: 'changed', durationMs: 1 });
  const progress = startProgress(tracker, at.terminal, { logLevel });
  progress.update();
  progress.stop();
  return at.written();
}

describe('progress', () => {
  it('shows how many hosts have ended how, on a terminal', () => {
    expect(stripVTControlCharacters(run(true, 'warn'))).toContain('1/3 hosts  1 changed, 1 at work');
  });

  it('is quiet in a pipe', () => {
    expect(run(false, 'warn')).toBe('');
  });

  it('gives way to log lines', () => {
    expect(run(true, 'debug')).toBe('');
  });
});
