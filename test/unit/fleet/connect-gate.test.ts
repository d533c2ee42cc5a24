import { describe, expect, it, vi } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import { ConnectGate, type Drop } from '../../../src/fleet/connect-gate.js';
import { deadlineIn } from '../../../src/time/deadline.js';

const drop = () => new LongshoreError('E_UNREACHABLE', 'closed before login', { droppedBeforeLogin: true });

/** Pauses as good as none. */
const gate = (most = 8) => new ConnectGate({ most, random: () => -0.99 });

describe('connects through one sshd', () => {
  it('are begun again after a drop, and tell of it', async () => {
    const drops: Drop[] = [];
    const answers = [drop(), drop(), null];
    const open = vi.fn(() => {
      const error = answers.shift();
      return error == null ? Promise.resolve('connected') : Promise.reject(error);
    });
    expect(await gate().connect(open, deadlineIn(10_000), (one) => void drops.push(one))).toBe('connected');
    expect(open).toHaveBeenCalledTimes(3);
    expect(drops.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it.each(['E_AUTH', 'E_HOST_KEY', 'E_UNREACHABLE', 'E_BECOME', 'E_LANE'] as const)(
    'are not begun again after %s',
    async (code) => {
      const open = vi.fn(() => Promise.reject(new LongshoreError(code, 'no')));
      await expect(gate().connect(open, deadlineIn(10_000), () => undefined)).rejects.toMatchObject({ code });
      expect(open).toHaveBeenCalledTimes(1);
    },
  );

  it('are given up when nobody gets in', async () => {
    const open = vi.fn(() => Promise.reject(drop()));
    await expect(gate().connect(open, deadlineIn(60_000), () => undefined)).rejects.toMatchObject({
      code: 'E_UNREACHABLE',
    });
    expect(open).toHaveBeenCalledTimes(6);
  });

  it('are not given up while others get in', async () => {
    const one = gate();
    let tries = 0;
    const open = () => {
      tries += 1;
      return tries === 20 ? Promise.resolve('connected') : Promise.reject(drop());
    };
    const other = () =>
      void one.connect(
        () => Promise.resolve('other'),
        deadlineIn(10_000),
        () => undefined,
      );
    expect(await one.connect(open, deadlineIn(60_000), other)).toBe('connected');
  });

  it('become fewer at once with each round of drops, and more again with each that works', async () => {
    const one = gate();
    let now = 0;
    let isFlooded = true;
    const most: number[] = [];
    const atOnce: number[] = [];
    const open = async () => {
      now += 1;
      most.push(now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      if (isFlooded && atOnce.length < 12) throw drop();
      isFlooded = false;
    };
    const connect = () => one.connect(open, deadlineIn(60_000), (dropped) => void atOnce.push(dropped.atOnce));
    await Promise.all(Array.from({ length: 8 }, connect));
    expect(most[7]).toBe(8);
    expect(new Set(atOnce.slice(0, 8))).toEqual(new Set([4]));
    expect(Math.min(...atOnce)).toBeLessThan(4);
    most.length = 0;
    await Promise.all(Array.from({ length: 20 }, connect));
    expect(Math.max(...most)).toBe(8);
  });

  it('an interrupt ends the pause before the next try', async () => {
    const controller = new AbortController();
    const open = vi.fn(() => Promise.reject(drop()));
    const slow = new ConnectGate({ most: 1, random: () => 1_000_000 });
    const ended = slow.connect(open, deadlineIn(1e9, controller.signal), () => controller.abort());
    await expect(ended).rejects.toMatchObject({ code: 'E_INTERRUPTED' });
    expect(open).toHaveBeenCalledTimes(1);
  });
});
