import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { z } from 'zod';
import { inventoryFileSchema } from '../src/inventory/inventory-schema.js';
import { volumeFileSchema } from '../src/inventory/volumes/volume-file-schema.js';
import { journalLineSchema } from '../src/journal/journal-lines.js';
import { evidenceFileSchema } from '../src/moves/evidence/evidence-file.js';
import { auditSchema } from '../src/report/audit-schema.js';
import { doctorSchema } from '../src/report/doctor-schema.js';
import { eventSchema } from '../src/report/event-schema.js';
import { runsSchema } from '../src/report/runs-schema.js';
import { resultSchema } from '../src/report/result-schema.js';
import { planSchema } from '../src/runbook/plan.js';
import { playbookFileSchema } from '../src/runbook/play-schema.js';
import { sweepSchema } from '../src/report/sweep-schema.js';

/**
 * Writes the JSON schemas (draft 7) of the files that users write from the zod schemas which check them; with `--check` says instead
 * whether they agree.
 */

const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  'inventory.schema.json': inventoryFileSchema,
  'volume.schema.json': volumeFileSchema,
  'playbook.schema.json': playbookFileSchema,
  'plan.schema.json': planSchema,
  'result.schema.json': resultSchema,
  'doctor.schema.json': doctorSchema,
  'evidence.schema.json': evidenceFileSchema,
  'event.schema.json': eventSchema,
  'runs.schema.json': runsSchema,
  'audit.schema.json': auditSchema,
  'sweep.schema.json': sweepSchema,
  'journal-line.schema.json': journalLineSchema,
};

const directory = new URL('../schemas/', import.meta.url);
const check = process.argv.includes('--check');
const stale: string[] = [];

for (const [name, schema] of Object.entries(SCHEMAS)) {
  const filePath = fileURLToPath(new URL(name, directory));
  const json = z.toJSONSchema(schema, { target: 'draft-7', io: 'input' });
  const text = await format(JSON.stringify(json), { ...(await resolveConfig(filePath)), filepath: filePath });
  if (existsSync(filePath) && readFileSync(filePath, 'utf8') === text) continue;
  stale.push(name);
  if (check) continue;
  mkdirSync(directory, { recursive: true });
  writeFileSync(filePath, text);
}

if (stale.length > 0) {
  process.stderr.write(
    check ? `schemas/: ${stale.join(', ')} stale; run npm run schema\n` : `wrote ${stale.join(', ')}\n`,
  );
  if (check) process.exitCode = 1;
}
