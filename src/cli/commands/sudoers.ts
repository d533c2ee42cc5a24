import { sudoersText } from '../../connectors/allow-list.js';
import { iscsiAllowList } from '../../connectors/iscsi/allow-list.js';
import { jsonText } from '../../report/result-document.js';
import type { Command } from '../command.js';
import { EXIT } from '../exit-codes.js';

/** Prints the rules for hosts whose user may run certain commands only. Connects to nothing. */
export const sudoers: Command = ({ options, terminal }) => {
  // the only connector there is: `--connector` takes no other
  const allowed = { iscsi: iscsiAllowList() };
  const user = options.user ?? 'longshore';
  terminal.stdout.write(options.json ? jsonText({ user, commands: allowed }) : sudoersText(user, allowed));
  return Promise.resolve(EXIT.ok);
};
