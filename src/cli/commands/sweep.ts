import { problemsText } from '../../report/problems-text.js';
import { jsonText } from '../../report/result-document.js';
import { sweepDocument, shownObjects, type SweepReport } from '../../report/sweep-document.js';
import { sweepSummary, sweepText } from '../../report/sweep-text.js';
import { SweepFiles } from '../../sweep/state-files.js';
import type { FleetAudit } from '../../sweep/audit-fleet.js';
import { approvalLine, planSweep } from '../../sweep/sweep-plan.js';
import type { Command, CommandContext } from '../command.js';
import { EXIT, exitCodeOfRun, type ExitCode } from '../exit-codes.js';
import { lookAtFleet } from '../look-at-fleet.js';
import { usageError } from '../parse-options.js';
import { selectFleet } from '../select-hosts.js';
import { stateDirectory } from '../state-directory.js';
import { removeApproved } from '../remove-approved.js';
import { paintFor } from '../terminal.js';

export const sweep: Command = async (context) => {
  const { options } = context;
  const hosts = await selectFleet(context);
  const files = new SweepFiles(stateDirectory(context));
  const approved = options.approve === undefined ? null : await files.approvedLines(options.approve);
  const only = options.only.length === 0 ? null : new Set(options.only);
  const { result, audit } = await lookAtFleet(context, 'sweep', hosts);
  if (only !== null) requireCandidates(only, audit);
  const now = Date.now();
  const earlier = await files.earlierLooks(now);
  await files.keepAudit(result.run, now, audit);
  const plan = planSweep(audit, earlier, await files.quarantine(), {
    ...{ now, graceMs: options.graceMs, perHost: options.maxPerHost, perRun: options.maxPerRun, only },
  });
  await files.keepPlan(plan);

  const mayChange =
    !options.plan && (approved !== null || only !== null) && plan.outage === null && !result.interrupted;
  const chosen = plan.objects.filter(
    (object) => object.state === 'ready' && (approved === null || approved.has(approvalLine(object))),
  );
  const missing =
    approved === null
      ? []
      : missingOf(
          approved,
          chosen.map(approvalLine),
          hosts.map(({ name }) => name),
        );
  const report: SweepReport =
    mayChange && chosen.length > 0
      ? { ...(await removeApproved(context, hosts, { audit, chosen, files })), audit, plan, chosen, missing }
      : { result, audit, plan, chosen, missing, swept: mayChange ? new Map() : null };
  present(context, report);
  return exitCodeOf(
    report,
    options.plan ? 'nothing' : approved !== null ? 'hash' : only !== null ? 'names' : 'nothing',
  );
};

/** A name that is no candidate is a mistake, or news: whose it is says which. */
function requireCandidates(only: ReadonlySet<string>, { hosts }: FleetAudit): void {
  const objects = [...hosts].flatMap(([host, audit]) => audit.objects.map((object) => ({ host, object })));
  for (const key of only) {
    const own = objects.filter(({ object }) => object.key === key);
    if (own.some(({ object }) => object.class === 'candidate')) continue;
    const [first] = own;
    if (first === undefined)
      throw usageError(
        `--only: no selected host has ${JSON.stringify(key)}`,
        'take a name that `longshore audit` shows',
      );
    const { host, object } = first;
    throw usageError(
      `--only: ${key} on ${host} is ${object.class} and will not be removed: ${object.reasons.join('; ')}`,
    );
  }
}

/** Approved for a selected host, and not to be done as it was approved. */
function missingOf(
  approved: ReadonlySet<string>,
  found: readonly string[],
  hosts: readonly string[],
): readonly string[] {
  return [...approved]
    .filter((line) => !found.includes(line))
    .map((line) => JSON.parse(line) as [host: string, key: string])
    .filter(([host]) => hosts.includes(host))
    .map(([host, key]) => `${host} ${key}`);
}

function present({ options, terminal }: CommandContext, report: SweepReport): void {
  if (options.json) {
    terminal.stdout.write(jsonText(sweepDocument(report)));
    return;
  }
  terminal.stdout.write(sweepText(report, paintFor(terminal.stdout)));
  const paint = paintFor(terminal.stderr);
  terminal.stderr.write(problemsText(report.result, paint) + sweepSummary(report, paint));
}

/** Of a run without approval: whether the hosts could be looked at. Else also whether all that was approved is gone. */
function exitCodeOf(report: SweepReport, approved: 'nothing' | 'hash' | 'names'): ExitCode {
  const code = exitCodeOfRun(report.result);
  if (code !== EXIT.ok || approved === 'nothing') return code;
  // what was named and is not ready yet was not done; what no hash names was not asked for
  const isLeft = shownObjects(report).some(({ object, state }) =>
    approved === 'names'
      ? state === 'waiting' || state === 'over-limit' || state === 'not-run'
      : state === 'not-run' && report.chosen.includes(object),
  );
  return report.plan.outage !== null || report.missing.length > 0 || isLeft ? EXIT.refused : EXIT.ok;
}
