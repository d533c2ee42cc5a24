import { spawn } from 'node:child_process';
import {
  setLink,
  packetLoss,
  freeze,
  liftFaults,
  portalHang,
  portalRefuse,
  portalRestore,
  powerCut,
  thaw,
} from './faults.js';
import { volumeError, volumeRestore, volumeSuspend, type Network } from './faults.js';
import { sshArgv, type Guest } from './guest.js';
import { clientLeftovers, scrubClient } from './hygiene.js';
import { startLab, type Lab } from './lab.js';
import { loginAttempts, sessions, type Volume } from './target.js';
import { addExampleVolumes, forgetLab, inventoryPath, rememberLab, rememberedLab } from './remembered-lab.js';

const USAGE = `A lab of one iSCSI target and two clients, by hand.

  npm run lab -- up [--user root|ops|opspw]   start it; it stays until "down"
  npm run lab -- status                       what runs, who is logged in, what is left on the clients
  npm run lab -- ssh [USER@]NAME [COMMAND]    a shell in target, client1 or client2
  npm run lab -- fault ...                    portal 1|2 hang|refuse|restore
                                              link NAME 1|2 on|off
                                              loss NAME PERCENT
                                              volume VOLUME error|suspend|restore
                                              freeze NAME, thaw NAME, powercut NAME, lift
  npm run lab -- scrub NAME                   put a client back to clean, by force
  npm run lab -- down                         end it

The commands print the directory of the inventory and the keys.
`;

const print = (text: string) => process.stdout.write(`${text}\n`);

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case 'up':
      return up(args);
    case 'down':
      return down();
    case 'status':
      return withLab(status);
    case 'ssh':
      return withLab((lab) => ssh(lab, args));
    case 'fault':
      return withLab((lab, volumes) => fault(lab, volumes, args));
    case 'scrub':
      return withLab((lab) => scrubClient(guestNamed(lab, args[0])));
    case undefined:
    case 'help':
    case '--help':
      print(USAGE);
      return 0;
    default:
      return misuse(`no such command: ${command}`);
  }
}

async function up(args: readonly string[]): Promise<number> {
  const user = args[0] === '--user' ? (args[1] ?? '') : 'root';
  if (!['root', 'ops', 'opspw'].includes(user)) return misuse('--user is root, ops or opspw');
  if ((await rememberedLab()) !== undefined) return misuse('a lab is up already: see "status", or end it with "down"');
  const lab = await startLab({ detached: true });
  try {
    const volumes = await addExampleVolumes(lab, user);
    await rememberLab(lab, volumes);
  } catch (error) {
    await lab.stop();
    throw error;
  }
  lab.close();
  print(`inventory: ${inventoryPath()}`);
  for (const guest of [lab.target, ...lab.clients]) print(`${guest.name}: ${sshLine(lab, guest)}`);
  return 0;
}

async function down(): Promise<number> {
  const remembered = await rememberedLab();
  await remembered?.lab.stop();
  await forgetLab();
  print(remembered === undefined ? 'no lab was up' : 'the lab is down');
  return 0;
}

async function status(lab: Lab): Promise<void> {
  print(`inventory: ${inventoryPath()}`);
  for (const guest of [lab.target, ...lab.clients])
    print(`${guest.name} (process ${guest.pid}): ${sshLine(lab, guest)}`);
  print(`sessions at the target: ${JSON.stringify(await sessions(lab.target))}`);
  print(`logins: ${JSON.stringify(await loginAttempts(lab.target))}`);
  for (const client of lab.clients)
    print(`${client.name}: ${JSON.stringify(await clientLeftovers(client), undefined, 2)}`);
}

async function ssh(lab: Lab, [where = '', ...command]: readonly string[]): Promise<number> {
  const [name, user = 'root'] = where.split('@').reverse();
  const guest = guestNamed(lab, name);
  const [file = 'ssh', ...args] = sshArgv(guest, lab);
  const child = spawn(file, [...args, `${user}@127.0.0.1`, ...command], { stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function fault(lab: Lab, volumes: readonly Volume[], args: readonly string[]): Promise<number | void> {
  const [kind, what = '', how = '', state = ''] = args;
  switch (kind) {
    case 'portal': {
      const portalFault = { hang: portalHang, refuse: portalRefuse, restore: portalRestore }[how];
      return portalFault === undefined ? misuse('portal 1|2 hang|refuse|restore') : portalFault(lab, networkOf(what));
    }
    case 'link':
      if (state !== 'on' && state !== 'off') return misuse('link NAME 1|2 on|off');
      return setLink(guestNamed(lab, what), networkOf(how), state);
    case 'loss':
      return packetLoss(guestNamed(lab, what), Number(how));
    case 'volume': {
      const volume = volumes.find(({ name }) => name === what);
      const volumeFault = { error: volumeError, suspend: volumeSuspend, restore: volumeRestore }[how];
      if (volume === undefined) return misuse(`volumes: ${volumes.map(({ name }) => name).join(', ')}`);
      return volumeFault === undefined
        ? misuse('volume VOLUME error|suspend|restore')
        : volumeFault(lab.target, volume);
    }
    case 'freeze':
      return freeze(guestNamed(lab, what));
    case 'thaw':
      return thaw(guestNamed(lab, what));
    case 'powercut':
      return powerCut(guestNamed(lab, what));
    case 'lift':
      return liftFaults(lab);
    default:
      return misuse('no such fault');
  }
}

async function withLab(work: (lab: Lab, volumes: readonly Volume[]) => Promise<number | void>): Promise<number> {
  const remembered = await rememberedLab();
  if (remembered === undefined) return misuse('no lab is up: start one with "up"');
  try {
    return (await work(remembered.lab, remembered.volumes)) ?? 0;
  } finally {
    remembered.lab.close();
  }
}

function guestNamed(lab: Lab, name: string | undefined): Guest {
  const guest = [lab.target, ...lab.clients].find((candidate) => candidate.name === name);
  if (guest === undefined) throw new Error('the guests are target, client1 and client2');
  return guest;
}

function networkOf(text: string): Network {
  if (text !== '1' && text !== '2') throw new Error('the networks are 1 and 2');
  return text === '1' ? 1 : 2;
}

function sshLine(lab: Lab, guest: Guest): string {
  return `ssh -F ${lab.sshConfigPath} ${guest.name}`;
}

function misuse(message: string): number {
  process.stderr.write(`${message}\n`);
  return 2;
}
