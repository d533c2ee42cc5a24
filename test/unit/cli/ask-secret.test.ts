import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { askSecret } from '../../../src/cli/ask-secret.js';
import type { Terminal } from '../../../src/cli/terminal.js';

function fakeTerminal(isTTY: boolean) {
  const rawModes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY, setRawMode: (mode: boolean) => rawModes.push(mode) });
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const terminal: Terminal = { stdin, stdout, stderr, env: {} };
  return { terminal, stdin, rawModes, shown: () => [String(stdout.read() ?? ''), String(stderr.read() ?? '')] };
}

describe('a secret that is asked for', () => {
  it('is typed without echo on a terminal', async () => {
    const at = fakeTerminal(true);
    const answer = askSecret('sudo password: ', at.terminal);
    at.stdin.write('s3cret\r');
    expect((await answer).reveal()).toBe('s3cret');
    expect(at.shown()).toEqual(['', 'sudo password: \n']);
    expect(at.rawModes).toEqual([true, false]);
  });

  it('is the first line of a pipe, and nothing is shown', async () => {
    const at = fakeTerminal(false);
    at.stdin.end('s3cret\nmore\n');
    expect((await askSecret('sudo password: ', at.terminal)).reveal()).toBe('s3cret');
    expect(at.shown()).toEqual(['', '']);
  });

  it('that does not come is an error', async () => {
    const at = fakeTerminal(false);
    at.stdin.end();
    await expect(askSecret('sudo password: ', at.terminal)).rejects.toMatchObject({ code: 'E_USAGE' });
  });

  it('can be refused with Ctrl-C', async () => {
    const at = fakeTerminal(true);
    const answer = askSecret('sudo password: ', at.terminal);
    at.stdin.write('half\u0003');
    await expect(answer).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    expect(at.rawModes).toEqual([true, false]);
  });
});
