import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Guest } from './guest.js';
import type { Lab } from './lab.js';

/**
 * A fencing check for the inventory, as a site would have it for its power controllers: a program that asks a guest's QEMU. Gives the words of its
 * command. It answers `off` for a guest whose power was cut, and `on` for one that runs or is only stopped.
 */
export async function powerStateCheck(lab: Lab, guest: Guest, dir: string): Promise<readonly string[]> {
  const machine = lab.description.machines.find(({ name }) => name === guest.name);
  if (machine === undefined) throw new Error(`the lab has no ${guest.name}`);
  const program = path.join(dir, 'power-state.mjs');
  await writeFile(program, PROGRAM);
  await chmod(program, 0o755);
  return [process.execPath, program, machine.monitorPath];
}

const PROGRAM = `import { connect } from 'node:net';
const socket = connect(process.argv[2]);
let asked = false;
let text = '';
socket.on('data', (chunk) => {
  text += chunk;
  if (!text.endsWith('(qemu) ')) return;
  if (asked) {
    console.log(JSON.stringify({ state: text.includes('(prelaunch)') ? 'off' : 'on' }));
    socket.destroy();
    return;
  }
  asked = true;
  text = '';
  socket.write('info status\\n');
});
`;
