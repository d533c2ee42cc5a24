import { LongshoreError } from '../../errors/longshore-error.js';
import type { Fencing } from '../../inventory/inventory.js';
import type { Evidence } from './evidence-schema.js';
import { evidenceFromFile } from './evidence-file.js';
import { judgeAnswer } from './judge-answer.js';

/** Where evidence for one host comes from. Each call asks anew: what was true a moment ago is not evidence (rule S22). */
export interface EvidenceSource {
  /** one line for plans: what is asked */
  readonly what: string;
  /** Evidence that is good now. Rejects with `E_EVIDENCE` when there is none. */
  obtain(): Promise<Evidence>;
}

/** What a source needs of the world. */
export interface EvidenceTools {
  /** Runs a command on this machine within its time; rejects when it fails. */
  readonly run: (argv: readonly string[], timeoutMs: number) => Promise<{ readonly stdout: string }>;
  readonly readFile: (filePath: string) => Promise<string>;
  readonly pause: (ms: number) => Promise<void>;
  readonly now: () => Date;
  /** user and machine, for the record */
  readonly by: string;
}

/** Times that a power state is read: one reading may fall into the middle of a restart. */
const POWER_READINGS = 2;

/** Evidence by the check that the inventory gives for a host (`longshore_fencing`). */
export function checkedEvidence(
  host: { readonly name: string; readonly address: string },
  fencing: Fencing,
  tools: EvidenceTools,
): EvidenceSource {
  const argv = fencing.check.map((word) => word.replaceAll('{host}', host.name).replaceAll('{address}', host.address));
  const [program = ''] = argv;
  const ask = async (): Promise<{ answer: Readonly<Record<string, unknown>>; expires: string | null }> => {
    let stdout: string;
    try {
      ({ stdout } = await tools.run(argv, fencing.timeoutMs));
    } catch (error) {
      throw noEvidence(
        host.name,
        `the check ${program} gave no answer: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const finding = judgeAnswer(fencing, host.name, stdout);
    if (finding.kind === 'not-fenced') throw noEvidence(host.name, `${finding.why} (${fencing.method}, by ${program})`);
    return finding;
  };
  return {
    what: `${fencing.method} by ${program}${fencing.method === 'bmc-power-off' ? `, read ${POWER_READINGS} times ${fencing.pauseMs / 1000} s apart` : ''}`,
    async obtain() {
      const findings = [await ask()];
      while (fencing.method === 'bmc-power-off' && findings.length < POWER_READINGS) {
        await tools.pause(fencing.pauseMs);
        findings.push(await ask());
      }
      const now = tools.now();
      const ends = findings.flatMap(({ expires }) => (expires === null ? [] : [Date.parse(expires)]));
      const expires = new Date(Math.min(now.getTime() + fencing.validMs, ...ends));
      const evidence: Evidence = {
        host: host.name,
        method: fencing.method,
        answers: findings.map(({ answer }) => ({ ...answer })),
        at: now.toISOString(),
        expires: expires.toISOString(),
        by: tools.by,
      };
      return requireFresh(evidence, now);
    },
  };
}

/** Evidence that somebody wrote into a file; it is read again each time. An attestation counts only for the volume that it names. */
export function fileEvidence(
  host: string,
  filePath: string,
  volumes: readonly string[],
  options: { readonly acceptAttestation: boolean; readonly tools: EvidenceTools },
): EvidenceSource {
  return {
    what: `the file ${filePath}`,
    async obtain() {
      let text: string;
      try {
        text = await options.tools.readFile(filePath);
      } catch {
        throw noEvidence(host, `${filePath} cannot be read`);
      }
      const { evidence, problem } = evidenceFromFile(text, host, options.tools.now());
      if (evidence === null) throw noEvidence(host, `${filePath}: ${problem}`);
      if (evidence.method === 'operator-attestation') {
        if (!options.acceptAttestation) {
          throw noEvidence(host, `${filePath} is the word of an operator, which counts only with --accept-attestation`);
        }
        if (volumes.length !== 1 || volumes[0] !== evidence.volume) {
          throw noEvidence(
            host,
            `${filePath} is about ${evidence.volume ?? 'no volume'} alone; evacuate that one with --volume ${evidence.volume ?? 'NAME'}`,
          );
        }
      }
      return requireFresh(evidence, options.tools.now());
    },
  };
}

/** The same evidence, if it may still be acted on. Throws `E_EVIDENCE` when its time is over. */
export function requireFresh(evidence: Evidence, now: Date): Evidence {
  if (now.getTime() < Date.parse(evidence.expires)) return evidence;
  throw noEvidence(evidence.host, `the evidence of ${evidence.at} expired at ${evidence.expires}`);
}

export function noEvidence(host: string, why: string): LongshoreError {
  return new LongshoreError('E_EVIDENCE', `no evidence that ${host} is fenced: ${why}`, {
    host,
    remedy:
      'fence the host (power it off, or take away its access at the array and its sessions) and run this again; see docs/evacuate.md',
  });
}
