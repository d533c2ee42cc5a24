import type { LongshoreError } from '../errors/longshore-error.js';
import { asLongshoreError } from '../fleet/outcome.js';
import type { EvacuationReport } from '../moves/evacuate/evacuate.js';
import type { MoveReport } from '../moves/migrate/migrate.js';
import type { MoveDocument } from './result-schema.js';

/** One move as the JSON document has it. */
export function moveDocument({ volume, wwid, from, to, ending, owner, story, error }: MoveReport): MoveDocument {
  const told = error === undefined ? {} : { error: errorOf(error) };
  return {
    mode: 'handover',
    volume,
    wwid,
    from,
    to,
    ending,
    owner: owner === null ? null : { ...owner },
    story: [...story],
    ...told,
  };
}

/** The volumes of an evacuation as the JSON document has them, with the evidence on which it began. */
export function evacuationDocuments({
  from,
  evidence,
  ends,
  stopped,
  settled,
  error,
}: EvacuationReport): readonly MoveDocument[] {
  const base = {
    mode: 'evacuation' as const,
    from,
    story: [],
    ...(evidence === undefined ? {} : { evidence: { ...evidence } }),
  };
  const none = { wwid: null, to: null, owner: null };
  const whole =
    error !== undefined && ends.length === 0 && stopped.size === 0
      ? [{ ...base, ...none, volume: null, ending: 'refused' as const, error: errorOf(error) }]
      : [];
  return [
    ...whole,
    ...ends.map(({ volume, wwid, to, result }): MoveDocument => {
      const failure = result.error === undefined ? {} : { error: errorOf(asLongshoreError(result.error)) };
      const ending = result.error === undefined ? 'moved' : 'stopped';
      return { ...base, volume, wwid, to, ending, owner: null, ...failure };
    }),
    ...[...settled].map(([volume, to]): MoveDocument => ({ ...base, ...none, volume, to, ending: 'nothing-to-do' })),
    ...[...stopped].map(([volume, why]): MoveDocument => ({
      ...base,
      ...none,
      volume,
      ending: 'stopped',
      error: errorOf(why),
    })),
  ];
}

function errorOf({ code, message, details }: LongshoreError): NonNullable<MoveDocument['error']> {
  return {
    code,
    message,
    step: details.step ?? null,
    ...(details.remedy === undefined ? {} : { remedy: details.remedy }),
  };
}
