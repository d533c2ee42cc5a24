import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { controllerState, thisController } from '../../../src/cli/controller.js';

describe('the controller of a run', () => {
  it('is alive as long as its process is, and dead when another has its pid', async () => {
    const here = thisController();
    expect(controllerState(here)).toBe('alive');
    expect(controllerState({ ...here, started: '1' })).toBe('dead');

    const child = spawn('sleep', ['600']);
    await once(child, 'spawn');
    const other = { ...here, pid: child.pid ?? 0, started: '' };
    expect(controllerState(other)).toBe('alive');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(controllerState(other)).toBe('dead');
  });

  it('is dead after a reboot, and on another machine nothing can be said', () => {
    const here = thisController();
    expect(controllerState({ ...here, boot: 'an earlier one' })).toBe('dead');
    expect(controllerState({ ...here, machine: 'bastion2' })).toBe('elsewhere');
  });
});
