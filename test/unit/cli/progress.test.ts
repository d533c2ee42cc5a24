import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
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

afterEach(() => void vi.useRealTimers());

describe('progress', () => {
  it('shows how many hosts have ended how, on a terminal', () => {
    expect(stripVTControlCharacters(run(true, 'warn'))).toContain('1/3 hosts  1 changed, 1 at work');
  });

  it('names the hosts that take longest, and how long the rest may take, while nothing else happens', () => {
    vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval', 'Date'] });
    const at = terminal(true);
    const tracker = new RunTracker();
    tracker.onEvent({ type: 'run-started', run: 'r', verb: 'attach', hosts: ['a', 'b', 'c', 'd', 'e', 'f'] });
    const progress = startProgress(tracker, at.terminal, { logLevel: 'warn' });
    for (const host of ['slow', 'a', 'b', 'c']) tracker.onEvent({ type: 'host-started', host });
    for (const host of ['a', 'b', 'c']) {
      tracker.onEvent({ type: 'host-ended', host, outcome: 'ok', durationMs: 1 });
    }
    progress.update();
    expect(stripVTControlCharacters(at.written())).not.toContain('slowest');
    vi.advanceTimersByTime(6_000);
    const shown = stripVTControlCharacters(at.written());
    progress.stop();
    expect(shown).toContain('slowest: slow 6.0 s');
    expect(shown).toContain('about 6.0 s left');
    vi.advanceTimersByTime(5_000);
    expect(stripVTControlCharacters(at.written())).not.toContain('hosts');
  });

  it('is quiet in a pipe', () => {
    expect(run(false, 'warn')).toBe('');
  });

  it('gives way to log lines', () => {
    expect(run(true, 'debug')).toBe('');
  });
});
