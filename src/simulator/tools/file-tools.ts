import { nodeFilePath } from '../model/node-database.js';
import { complained, printed, type Tool } from './tool.js';

/** `sed -i '/^LINE$/,$d' FILE`: cuts a node record's file at a line. Other programs of sed are not simulated. */
export const sed: Tool = ({ host, argv }) => {
  const [flag, program = '', filePath = ''] = argv.slice(1);
  const line = /^\/\^(.*)\$\/,\$d$/.exec(program)?.[1];
  if (flag !== '-i' || line === undefined) return complained('sed: this program is not simulated', 1);
  const entry = host.nodes.entries.find((one) => nodeFilePath(one) === filePath);
  if (entry === undefined) return complained(`sed: can't read ${filePath}: No such file or directory`, 2);
  host.nodes.cutAt(entry, line);
  return printed('');
};

/** `ln -sfn TARGET LINK`, in /dev only. */
export const ln: Tool = ({ host, argv }) => {
  const [flags, target = '', link = ''] = argv.slice(1);
  if (flags !== '-sfn' || !link.startsWith('/dev/')) return complained('ln: this use is not simulated', 1);
  if (host.refusesLinks) {
    return complained(`ln: failed to create symbolic link '${link}': No space left on device`, 1);
  }
  host.links.set(link, target);
  host.environment.changes.changed();
  return printed('');
};

/** `rm [-f] [--] FILES`, of links in /dev and of placed files. With -f what is not there is no error. */
export const rm: Tool = ({ host, argv }) => {
  const files = argv.slice(1).filter((word) => !word.startsWith('-'));
  const missing = files.filter((filePath) => !host.links.delete(filePath) && !host.placed.remove(filePath));
  host.environment.changes.changed();
  if (missing.length === 0 || argv[1] === '-f') return printed('');
  return complained(missing.map((one) => `rm: cannot remove '${one}': No such file or directory\n`).join(''), 1);
};

/** `touch FILES`: makes those that are not there. */
export const touch: Tool = ({ host, argv }) => {
  for (const filePath of argv.slice(1)) {
    if (host.files().node(filePath) === null) host.placed.write(filePath, '');
  }
  return printed('');
};

/** `cp [-n] -p FROM TO` of discovery records. */
export const cp: Tool = ({ host, argv }) => {
  const [from = '', to = ''] = argv.slice(1).filter((word) => !word.startsWith('-'));
  if (argv.includes('-n') && host.discovery.files.has(to)) return printed('');
  return host.discovery.copy(from, to, false)
    ? printed('')
    : complained(`cp: cannot stat '${from}': No such file or directory`, 1);
};

/** `mkdir [-p] [-m MODE] DIRECTORIES`; parents are made as well, and one that is there is no error. */
export const mkdir: Tool = ({ host, argv }) => {
  for (const directory of argv.slice(1).filter((word) => word.startsWith('/'))) {
    if (host.files().node(directory) === null) host.placed.makeDirectory(directory);
  }
  return printed('');
};

/** `mv -f [--] FROM TO` of discovery records and of placed files. */
export const mv: Tool = ({ host, argv }) => {
  const [from = '', to = ''] = argv.slice(1).filter((word) => !word.startsWith('-'));
  const entry = host.placed.entries.get(from);
  if (entry?.kind === 'file') {
    host.placed.remove(from);
    host.placed.write(to, entry.content);
    return printed('');
  }
  return host.discovery.copy(from, to, true)
    ? printed('')
    : complained(`mv: cannot stat '${from}': No such file or directory`, 1);
};

/** `install -D -m MODE /dev/stdin FILE`: makes the file, and the directories to it. */
export const install: Tool = ({ host, argv, input }) => {
  const [directories, mode, , source, filePath] = argv.slice(1);
  if (directories !== '-D' || mode !== '-m' || source !== '/dev/stdin' || filePath === undefined) {
    return complained('install: this use is not simulated', 1);
  }
  host.placed.write(filePath, input);
  return printed('');
};
