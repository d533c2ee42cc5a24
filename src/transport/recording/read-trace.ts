import { LongshoreError } from '../../errors/longshore-error.js';
import { headerSchema, isSequence, TRACE_VERSION, type Trace, type TraceLine, traceLine } from './trace-format.js';

/**
 * Reads a recording. A last line that was torn by a crash is left out; anything else that is not as it should be throws `E_USAGE`
 * with `name`, the line and what is wrong: recordings come by mail.
 */
export function readTrace(text: string, name: string): Trace {
  const texts = text.split('\n');
  // what stands behind the last line end: nothing, or a line that was not written to its end
  const torn = texts.pop() ?? '';
  const [first = '', ...rest] = texts;
  const header = headerSchema.safeParse(parsed(first));
  if (!header.success) throw new LongshoreError('E_USAGE', `${name} is not a recording of Longshore`);
  const { host, version } = header.data;
  if (version !== TRACE_VERSION) {
    throw new LongshoreError('E_USAGE', `${name} is a recording of version ${version}, not ${TRACE_VERSION}`, {
      remedy: 'Read it with the release of Longshore that wrote it.',
    });
  }
  const lines = rest.map((line, index): TraceLine => {
    const found = traceLine(parsed(line));
    if (found !== null) return found;
    throw new LongshoreError('E_USAGE', `${name}:${index + 2} is not a line of a recording`);
  });
  const last = traceLine(parsed(torn));
  return { host, lines: inOrder(last === null ? lines : [...lines, last]) };
}

/** Lines are written as answers come; sequences are read as they were issued. */
function inOrder(lines: readonly TraceLine[]): TraceLine[] {
  const sequences = lines.filter(isSequence).sort((a, b) => a.sequence - b.sequence);
  return lines.map((line) => (isSequence(line) ? (sequences.shift() ?? line) : line));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
