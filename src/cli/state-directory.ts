import { homedir } from 'node:os';
import path from 'node:path';
import type { CommandContext } from './command.js';

/** Where Longshore keeps what outlives a run: `--state-dir`, else LONGSHORE_STATE_DIR, else the XDG directory. Absolute. */
export function stateDirectory({ options, terminal }: Pick<CommandContext, 'options' | 'terminal'>): string {
  const { LONGSHORE_STATE_DIR: own = '', XDG_STATE_HOME: xdg = '', HOME: home = '' } = terminal.env;
  if (options.stateDir !== undefined) return path.resolve(options.stateDir);
  if (own !== '') return path.resolve(own);
  // the XDG specification: a relative path there does not count
  if (path.isAbsolute(xdg)) return path.join(xdg, 'longshore');
  return path.join(home === '' ? homedir() : home, '.local', 'state', 'longshore');
}
