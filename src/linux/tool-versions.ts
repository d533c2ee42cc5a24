import type { LaneReply } from '../transport/executor.js';
import type { Fact } from './fact.js';

/** As numbers, the most significant first; null when the tool is not there or says nothing that is a version. */
export interface ToolVersions {
  readonly openIscsi: readonly number[] | null;
  readonly multipathTools: readonly number[] | null;
}

/** Two processes. `multipath -h` reads its configuration and prints its usage with the version; it looks at no device. */
export function toolVersionsFact(): Fact<ToolVersions> {
  const ask = (argv: readonly string[]) =>
    ({ kind: 'run', argv, boundsItself: true, okExits: 'any', readOnly: true }) as const;
  return {
    requests: [ask(['iscsiadm', '--version']), ask(['multipath', '-h'])],
    parse: ([iscsiadm, multipath]) => ({
      openIscsi: openIscsiVersion(said(iscsiadm)),
      multipathTools: numbers(/multipath-tools v(\d+(?:\.\d+){1,3})/.exec(said(multipath))?.[1]),
    }),
  };
}

/** Red Hat counts open-iscsi's 2.1.4 as 6.2.1.4. */
function openIscsiVersion(text: string): readonly number[] | null {
  const version = numbers(/iscsiadm version (\d+(?:\.\d+){1,3})/.exec(text)?.[1]);
  return version !== null && version[0] === 6 ? version.slice(1) : version;
}

function said(reply: LaneReply | undefined): string {
  return reply?.kind === 'run' && reply.exit !== 127 ? `${reply.stdout}\n${reply.stderr}` : '';
}

function numbers(text: string | undefined): readonly number[] | null {
  return text === undefined ? null : text.split('.').map(Number);
}
