import { isSequence, type Trace, type TraceReply, type TraceRequest } from './trace-format.js';

const INDENT = '    ';
const PLAIN_WORD = /^[\w@%+=:,./*?[\]{}-]+$/;

/** A recording for reading and comparing: a line for each thing that was asked or answered. */
export function traceText(trace: Trace): string {
  const lines = trace.lines.flatMap((line) => {
    if (isSequence(line)) {
      const { sequence, connection, turn, requests, replies, error } = line;
      const pairs = requests.flatMap((request, index) => {
        const reply = replies?.[index];
        return [...requestText(request), ...(reply === undefined ? [] : replyText(reply))];
      });
      const failure = error === undefined ? [] : [`! ${error.code} ${error.message}`];
      return [`sequence ${sequence} (connection ${connection}, round trip ${turn})`, ...pairs, ...failure];
    }
    if ('closed' in line) {
      const { roundTrips, remoteProcesses } = line.counters;
      return [`closed ${line.closed}: ${roundTrips} round trips, ${remoteProcesses} processes`];
    }
    const { connection, error } = line;
    return [`connection ${connection}${error === undefined ? '' : ` ! ${error.code} ${error.message}`}`];
  });
  return `${lines.join('\n')}\n`;
}

/** What is asked first, then one line for each pattern or setting of it. */
export function requestText({ kind, ...fields }: TraceRequest): string[] {
  const { argv } = fields;
  const isRun = kind === 'run' && Array.isArray(argv);
  const head = isRun ? `run ${argv.map((word: unknown) => wordText(word)).join(' ')}` : kind;
  const rest = Object.entries(fields).filter(([key]) => !isRun || key !== 'argv');
  return [head, ...rest.flatMap(([key, value]) => fieldText(key, value))];
}

function replyText({ kind, ok, ...fields }: TraceReply): string[] {
  const rest = Object.entries(fields).flatMap(([key, value]) => fieldText(key, value));
  return [`-> ${kind === 'skipped' ? 'skipped' : ok ? 'ok' : 'not ok'}`, ...rest];
}

function fieldText(key: string, value: unknown): string[] {
  if (value === '' || value === false || (Array.isArray(value) && value.length === 0)) return [];
  if (typeof value === 'string')
    return value
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => `${INDENT}${key}: ${line}`);
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) {
    return value.map((one) => `${INDENT}${key}: ${one}`);
  }
  if (key === 'files' || key === 'resolved') {
    return Object.entries(value as Readonly<Record<string, string>>).map(
      ([name, text]) => `${INDENT}${name} = ${text.includes('\n') ? JSON.stringify(text) : text}`,
    );
  }
  return [`${INDENT}${key}: ${JSON.stringify(value)}`];
}

function wordText(word: unknown): string {
  return typeof word === 'string' && PLAIN_WORD.test(word) ? word : JSON.stringify(word);
}
