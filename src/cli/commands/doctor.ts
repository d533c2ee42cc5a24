import type { HostFacts } from '../../doctor/host-facts.js';
import { doctorTask } from '../../doctor/doctor-task.js';
import { judgeFleet, worstSeverity } from '../../doctor/judge.js';
import type { FleetResult } from '../../fleet/fleet-result.js';
import type { InventoryHost } from '../../inventory/inventory.js';
import { doctorDocument, type DoctorReport } from '../../report/doctor-document.js';
import { doctorSummary, doctorText } from '../../report/doctor-text.js';
import { problemsText } from '../../report/problems-text.js';
import { jsonText } from '../../report/result-document.js';
import type { Command, CommandContext } from '../command.js';
import { hostConnector } from '../connect-host.js';
import { exitCodeOfRun, type ExitCode } from '../exit-codes.js';
import { performVerb } from '../perform-verb.js';
import { selectFleet } from '../select-hosts.js';
import { paintFor } from '../terminal.js';

export const doctor: Command = async (context) => {
  const hosts = await selectFleet(context);
  const learnt = new Map<string, HostFacts>();
  const result = await performVerb(context, {
    verb: 'doctor',
    hosts,
    task: doctorTask({ expectsMultipath, onFacts: (host, facts) => learnt.set(host, facts) }),
    connect: hostConnector(context),
    changesHosts: false,
  });
  // in the order of the inventory, not of the answers
  const facts = new Map(
    hosts.flatMap(({ name }) => {
      const found = learnt.get(name);
      return found === undefined ? [] : [[name, found] as const];
    }),
  );
  const report = { result, facts, findings: judgeFleet(facts) };
  present(context, report);
  return exitCodeOf(report);
};

/** As attach decides it: more than one portal means multipath, unless the volume says otherwise. */
function expectsMultipath(host: InventoryHost): boolean {
  return [...host.volumes.values()].some(({ multipath, data }) => {
    const portals: unknown = data['target_portals'];
    return multipath ?? (Array.isArray(portals) && new Set(portals).size > 1);
  });
}

function present({ options, terminal }: CommandContext, report: DoctorReport): void {
  if (options.json) {
    terminal.stdout.write(jsonText(doctorDocument(report)));
    return;
  }
  terminal.stdout.write(doctorText(report, paintFor(terminal.stdout)));
  const paint = paintFor(terminal.stderr);
  terminal.stderr.write(problemsText(report.result, paint) + doctorSummary(report, paint));
}

/** A host with more than notices counts as a failed one. */
function exitCodeOf({ result, findings }: DoctorReport): ExitCode {
  const hosts: FleetResult['hosts'] = new Map(
    [...result.hosts].map(([name, host]) => {
      const worst = worstSeverity(findings.get(name) ?? []);
      return [name, worst === 'warning' || worst === 'problem' ? { ...host, outcome: 'failed' as const } : host];
    }),
  );
  return exitCodeOfRun({ hosts, interrupted: result.interrupted });
}
