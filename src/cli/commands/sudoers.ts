import { sudoersText } from '../../connectors/allow-list.js';
import { iscsiAllowList } from '../../connectors/iscsi/allow-list.js';
import { jsonText } from '../../report/result-document.js';
import { auditAllowList, sweepAllowList } from '../../sweep/allow-list.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';

/** Prints the rules for hosts whose user may run certain commands only. Connects to nothing. */
export const sudoers: Command = ({ options, terminal }) => {
  // the only connector there is: `--connector` takes no other; who wants no sweep leaves LONGSHORE_SWEEP out of the last line
  const allowed = { iscsi: iscsiAllowList(), audit: auditAllowList(), sweep: sweepAllowList() };
  const user = options.user ?? 'longshore';
  terminal.stdout.write(options.json ? jsonText({ user, commands: allowed }) : sudoersText(user, allowed));
  return Promise.resolve(EXIT.ok);
};
