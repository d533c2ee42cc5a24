import type { LaneReply } from '../transport/executor.js';
import type { Fact } from './fact.js';

/** Statistics of all SCSI disks and device-mapper devices, and whether the kernel keeps them. */
const PATTERNS = ['sd*', 'dm-*'].flatMap((name) => [`/sys/block/${name}/stat`, `/sys/block/${name}/queue/iostats`]);

/**
 * By kernel name: whether anything may have been written to the device since the kernel has it. false only when its statistics are kept and
 * show no write and nothing under way (Documentation/block/stat.rst: writes are field 5, sectors written 7, in flight 9, discards 12). Nothing is
 * read unless it is `asked`.
 */
export function writtenFact(asked: boolean): Fact<ReadonlyMap<string, boolean>> {
  return { requests: asked ? [{ kind: 'read', patterns: PATTERNS }] : [], parse: ([reply]) => parseWritten(reply) };
}

function parseWritten(reply: LaneReply | undefined): ReadonlyMap<string, boolean> {
  if (reply?.kind !== 'read') return new Map();
  const { files } = reply;
  return new Map(
    [...files].flatMap(([filePath, text]): [string, boolean][] => {
      const name = /^\/sys\/block\/([^/]+)\/stat$/.exec(filePath)?.[1];
      if (name === undefined) return [];
      const fields = text.trim().split(/\s+/).map(Number);
      const counts = [fields[4], fields[6], fields[8], fields[11] ?? 0];
      const isKept = files.get(`/sys/block/${name}/queue/iostats`)?.trim() === '1';
      return [[name, !isKept || counts.some((count) => count !== 0)]];
    }),
  );
}
