import { LongshoreError } from '../../errors/longshore-error.js';
import { auditDocument, type AuditReport } from '../../report/audit-document.js';
import { auditSummary, auditText } from '../../report/audit-text.js';
import { problemsText } from '../../report/problems-text.js';
import { jsonText } from '../../report/result-document.js';
import { SweepFiles } from '../../sweep/state-files.js';
import type { Command, CommandContext } from '../command.js';
import { EXIT, exitCodeOfRun, type ExitCode } from '../exit-codes.js';
import { lookAtFleet } from '../look-at-fleet.js';
import { selectFleet } from '../select-hosts.js';
import { stateDirectory } from '../state-directory.js';
import { paintFor } from '../terminal.js';

export const audit: Command = async (context) => {
  const report = await lookAtFleet(context, 'audit', await selectFleet(context));
  if (context.options.replay === undefined) await keep(context, report);
  present(context, report);
  return exitCodeOf(report);
};

/** For a later sweep, which needs two looks. That it cannot be kept is no reason not to show it. */
async function keep(context: CommandContext, { result, audit: seen }: AuditReport): Promise<void> {
  try {
    await new SweepFiles(stateDirectory(context)).keepAudit(result.run, Date.now(), seen);
  } catch (error) {
    if (!(error instanceof LongshoreError)) throw error;
    const { stderr } = context.terminal;
    stderr.write(`${paintFor(stderr)('yellow', 'warning')}  ${error.message}: a sweep will not know of this look\n`);
  }
}

function present({ options, terminal }: CommandContext, report: AuditReport): void {
  if (options.json) {
    terminal.stdout.write(jsonText(auditDocument(report)));
    return;
  }
  terminal.stdout.write(auditText(report, paintFor(terminal.stdout)));
  const paint = paintFor(terminal.stderr);
  terminal.stderr.write(problemsText(report.result, paint) + auditSummary(report, paint));
}

/** Findings count as a failed host: a candidate, an outage, or anything across hosts. What cannot be told does not. */
function exitCodeOf({ result, audit: { hosts, crossHost, outage } }: AuditReport): ExitCode {
  const code = exitCodeOfRun(result);
  const found = [...hosts.values()].some(({ objects }) => objects.some((one) => one.class === 'candidate'));
  return code === EXIT.ok && (found || crossHost.length > 0 || outage !== null) ? EXIT.failed : code;
}
