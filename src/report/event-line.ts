import { LongshoreError } from '../errors/longshore-error.js';
import type { FleetEvent } from '../fleet/fleet-event.js';
import { jsonText } from './result-document.js';

/** An event as one line of JSON, with its end. `at` is when it happened. */
export function eventLine(event: FleetEvent, run: string, at: Date): string {
  const fields = Object.entries(event).map(([key, value]): [string, unknown] => [
    key,
    value instanceof LongshoreError ? errorFields(value) : value,
  ]);
  return jsonText({ at: at.toISOString(), run, ...Object.fromEntries(fields) }, 0);
}

function errorFields({ code, message, details }: LongshoreError): Readonly<Record<string, unknown>> {
  const { step, remedy } = details;
  return { code, message, ...(step === undefined ? {} : { step }), ...(remedy === undefined ? {} : { remedy }) };
}
