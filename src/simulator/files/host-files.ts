import type { SimulatedHost } from '../host-model.js';
import { addBlockFiles } from './block-files.js';
import { addConditionFiles } from './condition-files.js';
import { addDevFiles } from './dev-files.js';
import { addEtcFiles } from './etc-files.js';
import { FileTree } from './file-tree.js';
import { addIscsiFiles } from './iscsi-files.js';
import { addPlacedFiles } from './placed-files.js';
import { addProcFiles } from './proc-files.js';

/** All files of a host as its model stands now. */
export function hostFiles(host: SimulatedHost): FileTree {
  const tree = new FileTree();
  addEtcFiles(tree, host);
  addProcFiles(tree, host);
  addConditionFiles(tree, host);
  addIscsiFiles(tree, host);
  addBlockFiles(tree, host);
  addDevFiles(tree, host);
  addPlacedFiles(tree, host);
  return tree;
}
