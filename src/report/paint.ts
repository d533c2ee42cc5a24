import type { Outcome } from '../connectors/connector.js';

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta';

/** Colours a text, or not: whoever knows the stream decides (NO_COLOR, a pipe). */
export type Paint = (style: Style, text: string) => string;

export const plainPaint: Paint = (_style, text) => text;

const OUTCOME_STYLES: Readonly<Record<Outcome, Style>> = {
  ok: 'green',
  changed: 'cyan',
  failed: 'red',
  refused: 'magenta',
  unreachable: 'yellow',
  unknown: 'red',
};

export function paintOutcome(paint: Paint, outcome: Outcome, label: string = outcome): string {
  return paint(OUTCOME_STYLES[outcome], label);
}
