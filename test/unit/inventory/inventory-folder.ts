import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import { LongshoreError } from '../../../src/errors/longshore-error.js';
import type { Inventory } from '../../../src/inventory/inventory.js';
import { Secret } from '../../../src/secrets/secret.js';
import { readInventory, type ReadInventoryOptions } from '../../../src/inventory/read-inventory.js';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

/** A folder with these files, gone after the test. */
export function folderOf(files: Readonly<Record<string, string>>, mode = 0o644): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'longshore-inventory-'));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text, { mode });
  }
  return folder;
}

/** Reads `inventory.yaml` (or the file of that name) of a folder made of these files; text alone is that file. */
export async function inventoryOf(
  files: string | Readonly<Record<string, string>>,
  options: Partial<ReadInventoryOptions> = {},
  name = 'inventory.yaml',
): Promise<Inventory> {
  const folder = folderOf(typeof files === 'string' ? { [name]: files } : files);
  return await readInventory(path.join(folder, name), { env: {}, ...options });
}

/** What a failing call says, as `CODE message`, without the folder that the test made. */
export async function failureOf(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    const text = `${error.code} ${error.message}`;
    return folders.reduce((shown, folder) => shown.replaceAll(`${folder}/`, ''), text);
  }
  return 'no error';
}

/** The text of a value that has to be a secret. */
export function revealed(value: unknown): string {
  if (value instanceof Secret) return value.reveal();
  throw new Error('not a Secret');
}
