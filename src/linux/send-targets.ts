import { parseIqn, parsePortal, type Iqn, type Portal } from './identifiers.js';

/** A target that a portal offers, and where. */
export interface OfferedTarget {
  readonly portal: Portal;
  readonly targetName: Iqn;
}

/**
 * What SendTargets found: lines `ADDRESS:PORT,TPGT NAME`. Everything else that iscsiadm prints is noise; a name of any type counts
 * (os-brick drops eui. and naa.).
 */
export function parseSendTargets(stdout: string): readonly OfferedTarget[] {
  const found = new Map<string, OfferedTarget>();
  for (const line of stdout.split('\n')) {
    const [, portalText, nameText] = /^(\S+:\d+,-?\d+) (\S+)$/.exec(line.trim()) ?? [];
    if (portalText === undefined || nameText === undefined) continue;
    const offered = parsed(portalText, nameText);
    if (offered !== null) found.set(`${offered.portal} ${offered.targetName}`, offered);
  }
  return [...found.values()];
}

function parsed(portalText: string, nameText: string): OfferedTarget | null {
  try {
    return { portal: parsePortal(portalText), targetName: parseIqn(nameText) };
  } catch {
    return null;
  }
}
