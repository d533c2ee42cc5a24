import type { Guest } from './guest.js';
import type { Lab } from './lab.js';
import { PORTALS } from './lab.js';
import { runScript } from './target-portal.js';
import type { Volume } from './target.js';

/** Portals, storage NICs and storage networks are numbered alike. */
export type Network = 1 | 2;

/** A portal no longer answers: packets in both directions vanish. */
export async function portalHang(lab: Lab, network: Network): Promise<void> {
  await setPortalFault(lab, network, 'drop');
}

/** A portal refuses: every packet to it is answered with a reset, on open connections too. */
export async function portalRefuse(lab: Lab, network: Network): Promise<void> {
  await setPortalFault(lab, network, 'refuse');
}

/** Lifts `portalHang` and `portalRefuse`. */
export async function portalRestore(lab: Lab, network: Network): Promise<void> {
  await setPortalFault(lab, network, 'none');
}

/** Takes a client's SCSI path out of service, as an administrator or an error handler would. */
export async function pathOffline(client: Guest, disk: string): Promise<void> {
  await setPathState(client, disk, 'offline');
}

/** Lifts `pathOffline`. */
export async function pathRunning(client: Guest, disk: string): Promise<void> {
  await setPathState(client, disk, 'running');
}

/** Every read and write of a volume fails. */
export async function volumeError(target: Guest, volume: Volume): Promise<void> {
  await runScript(
    target,
    `dmsetup suspend --noflush --nolockfs lab-${volume.name}
     dmsetup reload lab-${volume.name} --table '0 ${volume.sizeMiB * 2048} error'
     dmsetup resume lab-${volume.name}`,
  );
}

/** Reads and writes of a volume hang until `volumeRestore`. */
export async function volumeSuspend(target: Guest, volume: Volume): Promise<void> {
  await runScript(target, `dmsetup suspend --noflush --nolockfs lab-${volume.name}`);
}

/** Lifts `volumeError` and `volumeSuspend`. */
export async function volumeRestore(target: Guest, volume: Volume): Promise<void> {
  await runScript(
    target,
    `loop=$(losetup -n -O NAME -j /srv/lab/${volume.name}.img)
     dmsetup suspend --noflush --nolockfs lab-${volume.name}
     dmsetup reload lab-${volume.name} --table "0 ${volume.sizeMiB * 2048} linear $loop 0"
     dmsetup resume lab-${volume.name}`,
  );
}

/** Pulls or plugs the cable of a guest's storage NIC. */
export async function setLink(guest: Guest, network: Network, state: 'on' | 'off'): Promise<void> {
  const answer = await guest.monitor(`set_link nic${network} ${state}`);
  if (answer !== '') throw new Error(answer);
}

/** Loses and delays what a guest sends on its storage networks; nothing given, nothing lost. */
export async function packetLoss(
  guest: Guest,
  percent: number,
  options: { readonly delayMs?: number; readonly networks?: readonly Network[] } = {},
): Promise<void> {
  const delay = options.delayMs === undefined ? '' : `delay ${options.delayMs}ms`;
  const commands = (options.networks ?? [1, 2]).map((network) =>
    percent === 0 && delay === ''
      ? `tc qdisc del dev san${network} root 2>/dev/null || true`
      : `tc qdisc replace dev san${network} root netem loss ${percent}% ${delay}`,
  );
  await runScript(guest, commands.join('\n'));
}

/** Cuts a guest's power. Returns when it has booted again; the target comes back without its configuration. */
export async function powerCut(guest: Guest): Promise<void> {
  await guest.reset();
}

/** Cuts a client's power, and leaves it off. */
export async function powerOff(lab: Lab, client: Guest): Promise<void> {
  // nobody takes from its end of the storage networks any more: what the target sent there would fill up, and then hold the target
  await setSwitchPorts(lab, client, 'off');
  await client.powerOff();
}

/** Gives the power back. Returns when the client has booted. */
export async function powerOn(lab: Lab, client: Guest): Promise<void> {
  await setSwitchPorts(lab, client, 'on');
  await client.powerOn();
}

/** Stops a guest's processor: it answers nothing, and no connection to it breaks. */
export async function freeze(guest: Guest): Promise<void> {
  await guest.monitor('stop');
}

/** Lifts `freeze`. */
export async function thaw(guest: Guest): Promise<void> {
  await guest.monitor('cont');
}

/** Lifts every fault that is made outside of the clients' kernels, except those of single volumes. */
export async function liftFaults(lab: Lab): Promise<void> {
  const guests = [lab.target, ...lab.clients];
  await Promise.all(guests.map(thaw));
  await Promise.all(guests.flatMap((guest) => ([1, 2] as const).map((network) => setLink(guest, network, 'on'))));
  await Promise.all(guests.map((guest) => packetLoss(guest, 0)));
  await portalRestore(lab, 1);
  await portalRestore(lab, 2);
}

async function setSwitchPorts(lab: Lab, client: Guest, state: 'on' | 'off'): Promise<void> {
  for (const network of [1, 2]) {
    const answer = await lab.target.monitor(`set_link san${network}-${client.name} ${state}`);
    if (answer !== '') throw new Error(answer);
  }
}

/** One transaction, so that there is no moment without a fault when one kind replaces another. */
async function setPortalFault(lab: Lab, network: Network, fault: 'drop' | 'refuse' | 'none'): Promise<void> {
  const [address, port] = PORTALS[network - 1]?.split(':') ?? [];
  const rules = {
    none: [],
    drop: [
      `in${network} ip daddr ${address} tcp dport ${port} drop`,
      `out${network} ip saddr ${address} tcp sport ${port} drop`,
    ],
    refuse: [`in${network} ip daddr ${address} tcp dport ${port} reject with tcp reset`],
  }[fault];
  await runScript(
    lab.target,
    `nft -f - <<'END'
flush chain ip lab in${network}
flush chain ip lab out${network}
${rules.map((rule) => `add rule ip lab ${rule}`).join('\n')}
END`,
  );
}

async function setPathState(client: Guest, disk: string, state: 'offline' | 'running'): Promise<void> {
  if (!/^sd[a-z]+$/u.test(disk)) throw new TypeError(`not a SCSI disk: ${disk}`);
  await runScript(client, `echo ${state} >/sys/block/${disk}/device/state`);
}
