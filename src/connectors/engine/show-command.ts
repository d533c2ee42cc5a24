import type { LaneRequest, WaitRequest } from '../../transport/executor.js';
import type { Step, StepReport } from './step.js';

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;

function word(text: string): string {
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A request as a person would type it; for reading, never for running. Input by stdin is not shown. */
export function showRequest(request: LaneRequest): string {
  switch (request.kind) {
    case 'run': {
      const words = [...request.argv.map(word), ...(request.globs ?? [])].join(' ');
      return request.input === undefined ? words : `${words} < (input)`;
    }
    case 'write':
      return typeof request.content === 'string'
        ? `echo ${word(request.content)} ${request.append === true ? '>>' : '>'} ${[request.filePath].flat().join(' or ')}`
        : `(secret lines) >> ${[request.filePath].flat().join(' or ')}`;
    case 'read':
      return `read ${request.patterns.join(' ')}`;
    case 'list':
      return `list ${request.patterns.join(' ')}`;
    case 'find':
      return `find ${request.patterns.join(' ')}`;
    case 'wait':
      return showWait(request);
    case 'lock':
      return `lock ${request.name}`;
  }
}

function showWait({ present = [], absent = [], contents = [], outputLacks }: WaitRequest): string {
  const parts = [
    ...present.map((pattern) => `${pattern} is there`),
    ...absent.map((pattern) => `${pattern} is gone`),
    ...contents.map(({ filePath, values }) => `${filePath} is ${values.join(' or ')}`),
    ...(outputLacks === undefined
      ? []
      : [`${outputLacks.argv.map(word).join(' ')} does not name ${outputLacks.words.join(', ')}`]),
  ];
  return `wait until ${parts.join(', ')}`;
}

/** A step as plans and results show it. */
export function reportStep(step: Step, ok?: boolean): StepReport {
  const main = step.requests[step.main];
  const guards = ok === undefined ? step.requests.slice(0, step.main).map(showRequest) : [];
  return {
    id: step.id,
    what: step.what,
    changes: step.changes,
    ...(main === undefined ? {} : { command: showRequest(main) }),
    ...(guards.length === 0 ? {} : { guards }),
    ...(ok === undefined ? {} : { ok }),
  };
}
