import { describe, expect, it } from 'vitest';
import type { Outcome, VolumeResult } from '../../../src/connectors/connector.js';
import { type ErrorCode, LongshoreError } from '../../../src/errors/longshore-error.js';
import { parseAmount } from '../../../src/fleet/amount.js';
import { batchesOf } from '../../../src/fleet/batches.js';
import type { HostFindings } from '../../../src/fleet/fleet-result.js';
import { type FailureLimits, NO_LIMITS, StopRules } from '../../../src/fleet/stop-rules.js';

function amounts(...texts: readonly (string | number)[]): NonNullable<ReturnType<typeof parseAmount>>[] {
  return texts.map((text) => {
    const amount = parseAmount(text);
    if (amount === null) throw new Error(`${text} is no amount`);
    return amount;
  });
}

const sizes = (total: number, ...serial: readonly (string | number)[]): number[] =>
  batchesOf(
    Array.from({ length: total }, (_, index) => index),
    amounts(...serial),
  ).map((batch) => batch.length);

describe('batches', () => {
  it.each([
    [500, [1, '5%', '25%', '100%'], [1, 25, 125, 349]],
    [20, [1, '5%', '25%', '100%'], [1, 1, 5, 13]],
    [3, [1, '5%', '25%', '100%'], [1, 1, 1]],
    [10, [4], [4, 4, 2]],
    [10, ['30%'], [3, 3, 3, 1]],
    [7, [1, 2], [1, 2, 2, 2]],
    [7, [], [7]],
    [0, [1], []],
  ])('%i hosts by %j are %j', (total, serial, expected) => {
    expect(sizes(total, ...serial)).toEqual(expected);
  });

  it('hold every host once, in order', () => {
    const hosts = Array.from({ length: 101 }, (_, index) => index);
    expect(batchesOf(hosts, amounts(1, '7%', '33%')).flat()).toEqual(hosts);
  });

  it.each([['-1'], ['101%'], ['1.5'], ['5 hosts'], [''], [true], [null], ['%']])('%j is no amount', (text) => {
    expect(parseAmount(text)).toBeNull();
  });
});

const limits = (perBatch: string | number, total: string | number): FailureLimits => {
  const [batch, all] = amounts(perBatch, total);
  return { perBatch: batch ?? null, total: all ?? null };
};
const ended = (outcome: Outcome, code?: ErrorCode): HostFindings => ({
  outcome,
  ...(code === undefined ? {} : { error: new LongshoreError(code, 'why') }),
});
const paths = (...states: readonly string[]): VolumeResult => ({
  outcome: 'changed',
  deviceInfo: { type: 'block', path: '/dev/dm-0', scsi_wwn: '3' },
  paths: states.map((state, index) => ({
    device: 'sda',
    hctl: '0:0:0:1',
    portal: `10.${index + 1}.0.1:3260`,
    state,
    identity: 'live',
  })),
  warnings: [],
  steps: [],
});

describe('the stop rules', () => {
  it('bear as many failed hosts as they are told, and stop at one more', () => {
    const rules = new StopRules(limits(2, 2), 100);
    rules.beginBatch(50);
    for (const host of ['a', 'b']) rules.note(host, ended('failed', 'E_COMMAND'));
    rules.note('b', ended('failed', 'E_COMMAND'));
    rules.note('c', ended('changed'));
    expect(rules.stop).toBeNull();
    rules.note('d', ended('unreachable', 'E_UNREACHABLE'));
    expect(rules.stop).toEqual({
      kind: 'failures',
      message: '3 of 50 in this batch failed, more than max_failures 2 allows',
    });
  });

  it('count a share of the batch, and in all over the batches', () => {
    const rules = new StopRules(limits('10%', '3%'), 100);
    rules.beginBatch(20);
    rules.note('a', ended('failed'));
    rules.note('b', ended('refused', 'E_DEVICE_BUSY'));
    expect(rules.stop).toBeNull();
    rules.beginBatch(20);
    rules.note('c', ended('unknown', 'E_STUCK'));
    expect(rules.stop).toBeNull();
    rules.note('d', ended('failed'));
    expect(rules.stop?.message).toBe('4 of 100 in all failed, more than max_failures 3% allows');
  });

  it('a share of a single canary bears no failure', () => {
    const rules = new StopRules(limits('5%', '5%'), 500);
    rules.beginBatch(1);
    rules.note('a', ended('failed'));
    expect(rules.stop?.kind).toBe('failures');
  });

  it.each(['E_IDENTITY_MISMATCH', 'E_IDENTITY_UNKNOWN', 'E_FLUSH_FAILED'] as const)(
    '%s on one host stops all, without any limit',
    (code) => {
      const rules = new StopRules(NO_LIMITS, 100);
      rules.beginBatch(100);
      rules.note('a', ended('refused', 'E_DEVICE_BUSY'));
      expect(rules.stop).toBeNull();
      rules.note('b', ended('refused', code));
      expect(rules.stop).toEqual({ kind: 'safety', message: `b stopped for safety: ${code}` });
    },
  );

  it('finds the safety stop of one volume behind another error', () => {
    const rules = new StopRules(NO_LIMITS, 2);
    rules.beginBatch(2);
    const volume: VolumeResult = {
      ...paths(),
      outcome: 'refused',
      error: new LongshoreError('E_IDENTITY_MISMATCH', 'x'),
    };
    rules.note('a', { ...ended('unknown', 'E_STUCK'), volumes: new Map([['data', volume]]) });
    expect(rules.stop?.kind).toBe('safety');
  });

  it('take many unreachable hosts for an outage, without any limit', () => {
    const rules = new StopRules(NO_LIMITS, 20);
    rules.beginBatch(20);
    for (const host of ['a', 'b', 'c', 'd', 'e']) rules.note(host, ended('unreachable', 'E_UNREACHABLE'));
    expect(rules.stop).toBeNull();
    rules.note('f', ended('failed', 'E_PORTAL_UNREACHABLE'));
    expect(rules.stop).toEqual({
      kind: 'outage',
      message: 'this looks like an outage: 6 of 20 hosts cannot be reached or have lost their storage',
    });
  });

  it('do not take refused logins, or a few broken hosts, for an outage', () => {
    const rules = new StopRules(NO_LIMITS, 12);
    rules.beginBatch(12);
    for (const host of ['a', 'b', 'c', 'd']) rules.note(host, ended('unreachable', 'E_UNREACHABLE'));
    for (const host of ['e', 'f', 'g', 'h']) rules.note(host, ended('unreachable', 'E_AUTH'));
    expect(rules.stop).toBeNull();
  });

  it('take one portal that many hosts have lost for an outage, although their volumes live on', () => {
    const rules = new StopRules(NO_LIMITS, 10);
    rules.beginBatch(10);
    for (const host of ['a', 'b', 'c', 'd']) {
      rules.note(host, { outcome: 'changed', volumes: new Map([['data', paths('active', 'missing')]]) });
    }
    rules.note('e', { outcome: 'changed', volumes: new Map([['data', paths('missing', 'active')]]) });
    expect(rules.stop).toBeNull();
    rules.note('f', { outcome: 'changed', volumes: new Map([['data', paths('active', 'failed')]]) });
    expect(rules.stop?.message).toBe('this looks like an outage: portal 10.2.0.1:3260 is broken for 5 of 10 hosts');
  });

  it('keep the first reason', () => {
    const rules = new StopRules(limits(0, 0), 2);
    rules.beginBatch(2);
    rules.end({ kind: 'declined', message: 'no' });
    rules.note('a', ended('failed'));
    expect(rules.stop?.kind).toBe('declined');
  });
});
