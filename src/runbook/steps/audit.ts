import { z } from 'zod';
import { LongshoreError } from '../../errors/longshore-error.js';
import type { HostAudit } from '../../sweep/audit-fleet.js';
import { booleanSchema } from '../../inventory/hosts/field-schemas.js';
import { lookAtBatch } from './look-at-batch.js';
import { defineStep, type WorkResult } from './step-kind.js';
import { plannedCheck } from './verify.js';

const options = z.strictObject({
  fail: booleanSchema
    .optional()
    .meta({ description: 'true: a host with a candidate, or a finding across hosts, fails' }),
});
type Options = z.output<typeof options>;

export const audit = defineStep({
  name: 'audit',
  summary: 'Report what hosts have of storage that nobody owns, and conflicts across them; the first look of a sweep',
  scope: 'fleet',
  options,
  volumes: 'never',
  changes: () => 'nothing',
  bearsDirty: () => true,
  plan: () => Promise.resolve([plannedCheck('', '', 'looks at the hosts and reports')]),
  async run({ fail = false }: Options, context): Promise<readonly WorkResult[]> {
    const { audit: seen } = await lookAtBatch(context);
    return [...seen.hosts].map(([host, own]) => {
      const across = seen.crossHost.filter(({ hosts }) => hosts.includes(host)).map(({ what }) => what);
      return resultOf(host, own, across, fail);
    });
  },
});

function resultOf(host: string, { objects }: HostAudit, across: readonly string[], fail: boolean): WorkResult {
  const candidates = objects.filter((object) => object.class === 'candidate');
  const unknown = objects.filter((object) => object.class === 'unknown').length;
  const message = `${candidates.length} candidates, ${unknown} unknown, ${across.length} findings across hosts`;
  const warnings = [...candidates.map(({ key, reasons }) => `${key}: ${reasons.join('; ')}`), ...across];
  const found = { host, subject: '', message, warnings };
  if (!fail || warnings.length === 0) return { ...found, outcome: 'ok' };
  return { ...found, outcome: 'failed', error: new LongshoreError('E_NOT_VERIFIED', message, { host }) };
}
