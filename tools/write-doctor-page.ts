import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { RULES } from '../src/doctor/judge.js';
import type { RuleText } from '../src/doctor/rule.js';

/** Writes the rules into docs/doctor.md, below its last section's introduction: `npx tsx tools/write-doctor-page.ts`. A test compares the two. */

const PAGE = new URL('../docs/doctor.md', import.meta.url);

/** The page as it has to be: its own text, and a section for each rule of the source. */
export async function doctorPage(): Promise<string> {
  const page = readFileSync(PAGE, 'utf8');
  const end = page.indexOf('\n### ');
  const head = end === -1 ? page : page.slice(0, end);
  const text = `${head.trimEnd()}\n\n${RULES.map(section).join('\n')}`;
  return format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

function section({ id, severity, reads, when, reason, instead, source }: RuleText): string {
  return `### ${id}\n\n${severity}. ${reason}\n\n- Read: ${reads}\n- Finding: ${when}\n- Instead: ${instead}\n- Known from: ${source}\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(PAGE, await doctorPage());
