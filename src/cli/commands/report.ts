import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunRecord } from '../../journal/run-record.js';
import { junitXml } from '../../report/junit.js';
import { jsonText } from '../../report/result-document.js';
import { runPage } from '../../report/run-page/run-page.js';
import type { Command } from '../command.js';
import { controllerState } from '../controller.js';
import { EXIT } from '../exit-codes.js';
import { recordNamed } from '../known-runs.js';
import { usageError } from '../parse-options.js';
import { stateDirectory } from '../state-directory.js';

/** Makes files of the journal of one run. Connects to no host. */
export const report: Command = async ({ options, terminal }) => {
  const state = stateDirectory({ options, terminal });
  const run = await recordNamed(state, options.run);
  const { junit, html = junit === undefined ? `longshore-${run.start.run}.html` : undefined } = options;
  const files = [
    ...(html === undefined ? [] : [{ option: '--html', file: html, text: runPage(run, stateOf(run)) }]),
    ...(junit === undefined ? [] : [{ option: '--junit', file: junit, text: junitXml(run) }]),
  ];
  for (const { option, file, text } of files) await write(option, file, text);
  const written = files.map(({ file }) => path.resolve(file));
  terminal.stdout.write(
    options.json ? jsonText({ run: run.start.run, written }) : written.map((file) => `wrote ${file}\n`).join(''),
  );
  return EXIT.ok;
};

/** As a person would say it. */
function stateOf(run: RunRecord): string {
  if (run.ended !== null) return run.ended.interrupted ? 'interrupted' : 'finished';
  switch (controllerState(run.start.controller)) {
    case 'alive':
      return 'still going on';
    case 'dead':
      return 'not finished: its controller died';
    case 'elsewhere':
      return 'not finished, as far as its journal goes';
  }
}

async function write(option: string, file: string, text: string): Promise<void> {
  try {
    // it says what is on which host: for its owner, as the journal is
    await writeFile(file, text, { mode: 0o600 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw usageError(`${option}: ${file} cannot be written (${code})`);
  }
}
