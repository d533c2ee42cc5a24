import type { SimulatedHost } from '../host-model.js';
import type { FileTree } from './file-tree.js';

/**
 * What somebody put below those directories of the root that `isIn` names. An ordinary file tells an append from a write, unlike those of sysfs.
 */
export function addPlacedFiles(tree: FileTree, { placed }: SimulatedHost, isIn: (rootName: string) => boolean): void {
  for (const [filePath, entry] of placed.entries) {
    if (!isIn(filePath.split('/').find((name) => name !== '') ?? '')) continue;
    if (entry.kind === 'link') tree.link(filePath, entry.to);
    else if (entry.kind === 'directory') tree.directory(filePath);
    else {
      tree.file(filePath, entry.content, (content, _signal, append) => {
        if (append) placed.append(filePath, content);
        else placed.write(filePath, content);
        return Promise.resolve(null);
      });
    }
  }
}
