import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FleetResult } from '../../fleet/fleet-result.js';
import { jsonText, resultDocument } from '../../report/result-document.js';
import { plural } from '../../report/units.js';
import { volumeTable } from '../../report/volume-text.js';
import { startSimulatedFleet } from '../../simulator/fleet.js';
import type { Command, CommandContext } from '../command.js';
import { demoAddress } from '../demo-addresses.js';
import { EXIT, exitCodeOfRun, type ExitCode } from '../exit-codes.js';
import { presentResult } from '../present-result.js';
import { runVolumeVerb } from '../run-volume-verb.js';
import { serveDemo } from '../serve-demo.js';
import { paintFor } from '../terminal.js';

const VERBS = ['attach', 'status', 'detach'] as const;

/**
 * Attaches, shows and detaches a two-path volume with CHAP on simulated hosts, by the very commands, SSH transport and connector that real
 * hosts get; then asks the simulated hosts themselves what is left. Writes to a temporary directory only, and removes it.
 */
export const demo: Command = async (context) => {
  if (context.options.serve !== undefined) return serveDemo(context, context.options.serve);
  const directory = await mkdtemp(join(tmpdir(), 'longshore-demo-'));
  const removeFiles = () => rmSync(directory, { recursive: true, force: true });
  // also when a second Ctrl-C ends the process
  process.once('exit', removeFiles);
  try {
    return await runDemo(context, directory);
  } finally {
    process.off('exit', removeFiles);
    removeFiles();
  }
};

async function runDemo(context: CommandContext, directory: string): Promise<ExitCode> {
  const { terminal, options } = context;
  const fleet = await startSimulatedFleet({ hosts: options.hosts, addressOf: demoAddress });
  try {
    const files = await fleet.writeFiles(directory);
    // the demo is a story to read from top to bottom, so its closing lines belong to stdout
    const stage = options.json ? terminal : { ...terminal, stderr: terminal.stdout };
    const own = {
      inventory: files.inventoryFile,
      knownHosts: files.knownHostsFile,
      stateDir: join(directory, 'state'),
      volumes: ['data'],
    };
    const show = { ...context, terminal: stage, options: { ...options, ...own } };
    tellStart(show, fleet.portals.length);
    const results: FleetResult[] = [];
    for (const verb of VERBS) {
      const result = await tellVerb(verb, show);
      results.push(result);
      if (result.interrupted) break;
    }
    const leftovers = fleet.leftovers();
    tellEnd(show, results, leftovers);
    const worst = results.map(exitCodeOfRun).find((code) => code !== EXIT.ok) ?? EXIT.ok;
    return worst === EXIT.ok && leftovers.length > 0 ? EXIT.failed : worst;
  } finally {
    await fleet.close();
  }
}

function tellStart({ options, terminal }: CommandContext, portals: number): void {
  if (options.json) return;
  const hosts = plural(options.hosts, 'simulated host');
  terminal.stdout.write(
    `${hosts}, each behind an SSH server of its own; one array with ${portals} portals and CHAP.\n`,
  );
}

async function tellVerb(verb: (typeof VERBS)[number], context: CommandContext): Promise<FleetResult> {
  const { options, terminal } = context;
  const paint = paintFor(terminal.stdout);
  if (!options.json) {
    const volume = verb === 'status' ? '' : ' --volume data';
    terminal.stdout.write(`\n${paint('dim', '$')} ${paint('bold', `longshore ${verb} -i inventory.yaml${volume}`)}\n`);
  }
  const result = await runVolumeVerb(verb, context);
  if (!options.json) presentResult(context, result, volumeTable);
  return result;
}

function tellEnd(
  { options, terminal }: CommandContext,
  results: readonly FleetResult[],
  leftovers: readonly string[],
): void {
  if (options.json) {
    const runs = results.map((result) => resultDocument(result));
    terminal.stdout.write(jsonText({ hosts: options.hosts, runs, leftovers }));
    return;
  }
  const paint = paintFor(terminal.stdout);
  const title = paint(leftovers.length === 0 ? 'green' : 'red', plural(leftovers.length, 'leftover'));
  const what = leftovers.length === 0 ? 'no session, node record, device or map of the volumes is on any host' : '';
  terminal.stdout.write(`\n${title}${what === '' ? '' : `: ${what}`}\n`);
  for (const leftover of leftovers) terminal.stdout.write(`  ${leftover}\n`);
}
