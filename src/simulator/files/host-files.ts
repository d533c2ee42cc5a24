import type { SimulatedHost } from '../host-model.js';
import { addBlockFiles } from './block-files.js';
import { addHealthFiles, addSettingsFiles } from './condition-files.js';
import { addDevFiles } from './dev-files.js';
import { addEtcFiles } from './etc-files.js';
import { FileTree } from './file-tree.js';
import { addIscsiFiles } from './iscsi-files.js';
import { addPlacedFiles } from './placed-files.js';
import { addFileSystemFiles, addProcFiles } from './proc-files.js';

type Part = (tree: FileTree, host: SimulatedHost) => void;

/** What makes which directories of the root. */
const PARTS: readonly (readonly [names: readonly string[], parts: readonly Part[]])[] = [
  [['sys'], [addIscsiFiles, addBlockFiles, addFileSystemFiles]],
  [['proc'], [addProcFiles, addHealthFiles]],
  [['dev'], [addDevFiles]],
  [
    ['etc', 'run', 'usr', 'bin', 'sbin', 'lib'],
    [addEtcFiles, addSettingsFiles],
  ],
];
const MADE_BY_PARTS = new Set(PARTS.flatMap(([names]) => names));

/** All files of a host as its model stands now; each part is made when somebody looks at it, before the model changes again. */
export function hostFiles(host: SimulatedHost): FileTree {
  const tree = new FileTree();
  for (const [names, parts] of PARTS) {
    tree.later(names, () => {
      for (const add of parts) add(tree, host);
      addPlacedFiles(tree, host, (name) => names.includes(name));
    });
  }
  addPlacedFiles(tree, host, (name) => !MADE_BY_PARTS.has(name));
  return tree;
}
