import { createHash } from 'node:crypto';
import type { PlannedWork } from './steps/step-kind.js';

/** The part of planned work that an approval covers, in one normal form. */
export interface CanonicalWork {
  readonly subject: string;
  readonly outcome: string;
  /** code of the error that it would end with; null for none */
  readonly error: string | null;
  readonly identity: readonly string[];
  readonly observed: readonly string[];
  readonly steps: readonly {
    readonly id: string;
    readonly changes: readonly string[];
    readonly guards: readonly string[];
  }[];
}

/**
 * Text without names and numbers that the kernel gives out anew after a reboot or a login, and that mean nothing by themselves: sdX, dm-N,
 * session and SCSI host numbers. The LUN at the end of an HCTL stays.
 */
export function stableText(text: string): string {
  return text
    .replace(/(?<![\w:.[\]])\d+:\d+:\d+:(\d+)(?![\w:.])/g, '*:*:*:$1')
    .replace(/(?<![\w-])sd[a-z]{1,4}(?![a-z])/g, 'sd*')
    .replace(/(?<![\w-])dm-\d+/g, 'dm-*')
    .replace(/\bsession ?\d+\b/g, 'session *')
    .replace(/\b(host|target)\d+(?=[:/]|\b)/g, '$1*');
}

/** Planned work as a step gave it, or as a plan kept it. */
interface AnyWork extends Pick<PlannedWork, 'subject' | 'outcome' | 'identity' | 'observed'> {
  readonly steps: readonly AnyStep[];
  readonly error?: { readonly code: string } | null;
}

interface AnyStep {
  readonly id: string;
  readonly changes: readonly string[];
  readonly guards?: readonly string[] | undefined;
}

export function canonicalWork(work: AnyWork): CanonicalWork {
  return {
    subject: work.subject,
    outcome: work.outcome,
    error: work.error?.code ?? null,
    identity: [...work.identity].sort(),
    observed: work.observed.map(stableText).sort(),
    // in the order of their ids: names decide the order in which a connector lists what can be done side by side
    steps: work.steps.map(canonicalStep).sort((a, b) => compare(JSON.stringify(a), JSON.stringify(b))),
  };
}

function canonicalStep({ id, changes, guards = [] }: AnyStep): CanonicalWork['steps'][number] {
  return { id: stableText(id), changes: changes.map(stableText).sort(), guards: guards.map(stableText) };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * What differs between what was approved and what is seen now, one difference a line; empty when nothing does. Where a step before was to
 * change the subject, only who it is can be compared.
 */
export function differences(approved: CanonicalWork, now: CanonicalWork, identityOnly: boolean): readonly string[] {
  const lines: string[] = [];
  const compareList = (what: string, was: readonly string[], is: readonly string[]): void => {
    const gone = was.filter((one) => !is.includes(one));
    const added = is.filter((one) => !was.includes(one));
    if (gone.length > 0) lines.push(`${what} no longer: ${gone.join(', ')}`);
    if (added.length > 0) lines.push(`${what} new: ${added.join(', ')}`);
    if (gone.length === 0 && added.length === 0 && was.length !== is.length) {
      lines.push(`${what}: ${was.length} were approved, ${is.length} are there`);
    }
  };
  if (identityOnly) {
    const both = approved.identity.length > 0 && now.identity.length > 0;
    if (both) compareList('identity', approved.identity, now.identity);
    return lines;
  }
  if (approved.outcome !== now.outcome) lines.push(`it was ${approved.outcome}, and is ${now.outcome}`);
  if (approved.error !== now.error) lines.push(`error was ${approved.error ?? 'none'}, and is ${now.error ?? 'none'}`);
  compareList('identity', approved.identity, now.identity);
  compareList('seen', approved.observed, now.observed);
  const ids = (work: CanonicalWork) => work.steps.map((step) => step.id);
  compareList('step', ids(approved), ids(now));
  if (lines.length > 0) return lines;
  const whole = (work: CanonicalWork) => work.steps.map((step) => JSON.stringify(step));
  compareList('what a step changes or relies on', whole(approved), whole(now));
  return lines;
}

/** 20 hex digits: short enough to be read out, and nobody finds another plan with the same. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 20);
}
