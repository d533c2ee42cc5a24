import { z } from 'zod';
import { LongshoreError } from '../../errors/longshore-error.js';
import { textOption } from './option-schemas.js';
import { defineStep } from './step-kind.js';
import { plannedCheck } from './verify.js';

const options = z.strictObject({
  question: textOption('a question; write what a person is to decide, in one line').meta({
    description: 'What the person is asked; yes goes on, no stops the run',
  }),
});
type Options = z.output<typeof options>;

export const confirm = defineStep({
  name: 'confirm',
  summary: 'Ask a person, once for each batch, before the steps below; --yes answers for them',
  scope: 'fleet',
  options,
  shorthand: 'question',
  volumes: 'never',
  changes: () => 'nothing',
  bearsDirty: () => true,
  plan: ({ question }: Options) => Promise.resolve([plannedCheck('', '', `asks: ${question}`)]),
  async run({ question }: Options, { ask }) {
    if (await ask(question))
      return [{ host: '', subject: '', outcome: 'ok', message: `yes: ${question}`, warnings: [] }];
    throw new LongshoreError('E_DECLINED', `the answer was no: ${question}`);
  },
});
