import { existsSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { jsonText } from '../report/result-document.js';
import { plural } from '../report/units.js';
import { SHORT_DELAYS } from '../simulator/delays.js';
import { startSimulatedFleet } from '../simulator/fleet.js';
import type { CommandContext } from './command.js';
import { demoAddress } from './demo-addresses.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { usageError } from './parse-options.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Keeps simulated hosts up until Ctrl-C, for other processes to work on. Inventory, known_hosts and key are in the directory as long as they
 * are; what is then left on the hosts is told.
 */
export async function serveDemo(context: CommandContext, directory: string): Promise<ExitCode> {
  const { options } = context;
  const own = path.resolve(directory);
  if (existsSync(path.join(own, 'inventory.yaml'))) {
    throw usageError(
      `--serve: there is an inventory.yaml in ${own}`,
      'Name a new directory; hosts of another demo may be in use by it.',
    );
  }
  await mkdir(own, { recursive: true, mode: 0o700 });
  const delays = Object.fromEntries(Object.entries(SHORT_DELAYS).map(([name, ms]) => [name, ms * options.slow]));
  const stopped = new Promise<void>((resolve) => {
    for (const name of SIGNALS) process.once(name, () => resolve());
  });
  const fleet = await startSimulatedFleet({ hosts: options.hosts, delays, addressOf: demoAddress });
  let files: Awaited<ReturnType<typeof fleet.writeFiles>> | null = null;
  try {
    files = await fleet.writeFiles(own);
    tellReady(context, files);
    await stopped;
    tellLeftovers(context, fleet.leftovers());
    return EXIT.ok;
  } finally {
    for (const filePath of Object.values<string>({ ...files })) rmSync(filePath, { force: true });
    await fleet.close();
  }
}

function tellReady(
  { options, terminal }: CommandContext,
  files: { readonly inventoryFile: string; readonly knownHostsFile: string; readonly privateKeyFile: string },
): void {
  if (options.json) {
    terminal.stdout.write(jsonText({ hosts: options.hosts, ...files }));
    return;
  }
  const reach = `-i ${files.inventoryFile} --known-hosts ${files.knownHostsFile}`;
  terminal.stdout.write(`${plural(options.hosts, 'simulated host')} until Ctrl-C. In another terminal:\n`);
  for (const verb of ['attach', 'status', 'detach']) terminal.stdout.write(`  longshore ${verb} ${reach}\n`);
}

function tellLeftovers({ options, terminal }: CommandContext, leftovers: readonly string[]): void {
  if (options.json) {
    terminal.stdout.write(jsonText({ leftovers }));
    return;
  }
  terminal.stdout.write(`\n${plural(leftovers.length, 'leftover')} on the simulated hosts\n`);
  for (const leftover of leftovers) terminal.stdout.write(`  ${leftover}\n`);
}
