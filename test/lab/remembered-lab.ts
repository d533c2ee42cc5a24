import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheDir } from './image.js';
import { writeInventory } from './inventory-file.js';
import { openLab, type Lab, type LabDescription } from './lab.js';
import { isMachine } from './machine.js';
import { createVolume, exportTo, type Volume } from './target.js';

/** A lab that outlives the command that started it. */
export type RememberedLab = { readonly lab: Lab; readonly volumes: readonly Volume[] };

type State = { readonly description: LabDescription; readonly volumes: readonly Volume[] };

const runDir = () => path.join(cacheDir(), 'run');
const statePath = () => path.join(runDir(), 'lab.json');

/** Where `up` leaves the inventory of the lab it started. */
export const inventoryPath = (): string => path.join(runDir(), 'inventory.yaml');

export async function rememberLab(lab: Lab, volumes: readonly Volume[]): Promise<void> {
  const state: State = { description: lab.description, volumes };
  await mkdir(runDir(), { recursive: true });
  await writeFile(statePath(), JSON.stringify(state, undefined, 2));
}

/** The lab that was started by hand, if its guests still run. */
export async function rememberedLab(): Promise<RememberedLab | undefined> {
  const text = await readFile(statePath(), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const state = JSON.parse(text) as State;
  const { dir, machines } = state.description;
  if (!machines.some(({ pid }) => isMachine(pid, dir))) return undefined;
  return { lab: openLab(state.description), volumes: state.volumes };
}

export async function forgetLab(): Promise<void> {
  await Promise.all([rm(statePath(), { force: true }), rm(inventoryPath(), { force: true })]);
}

/** Gives each client a volume of its own, exported but not attached, and writes the inventory that says so. */
export async function addExampleVolumes(lab: Lab, user: string): Promise<Volume[]> {
  const chap = { username: 'longshore', password: 'lab-chap-secret' };
  const volumes: Volume[] = [];
  for (const [index, guest] of lab.clients.entries()) {
    const volume = await createVolume(lab.target, { name: `data${index + 1}`, sizeMiB: 256, lun: index + 1 });
    await exportTo(lab.target, volume, guest.initiatorName, { chap });
    volumes.push(volume);
  }
  await mkdir(runDir(), { recursive: true });
  const hosts = lab.clients.map((guest, index) => ({
    guest,
    user,
    volumes: volumes.slice(index, index + 1).map((volume) => ({ volume, options: { chap } })),
  }));
  await writeInventory(inventoryPath(), lab, hosts);
  return volumes;
}
