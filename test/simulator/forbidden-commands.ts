import type { Executor, LaneRequest } from '../../src/transport/executor.js';

/** What each program may be asked for, by its words. A program that is not here may not be run at all (rules S9 and S12). */
const ALLOWED: Readonly<Record<string, RegExp>> = {
  iscsiadm:
    /^-m (?:node -T \S+ -p \S+(?: -I \S+)? (?:-o (?:new|delete)|--login)|session -r \d+ --logout|iface -I \S+|discovery -t sendtargets .*-o nonpersistent|discoverydb -t sendtargets -p \S+ (?:-o (?:new|delete)|.*--discover -o nonpersistent))$/,
  multipath: /^(?:-a|-f) [A-Za-z0-9_.:-]+$/,
  multipathd: /^(?:show paths raw format %d(?:=%t)?|(?:add|del) path \/dev\/sd[a-z]+|(?:resize|reload) map dm-\d+)$/,
  dmsetup: /^(?:info -c|status --noflush|deps|message \S+ 0 fail_if_no_path$)/,
  '/lib/udev/scsi_id': /^--page=0x83 --whitelisted --device=\/dev\/(?:sd[a-z]+|\{\})$/,
  dd: /^if=\/dev\/\S+ of=\/dev\/null bs=4096 count=1 iflag=direct\S*$/,
  blockdev: /^(?:--flushbufs|--setro) \/dev\/(?:sd[a-z]+|dm-\d+)$/,
  sync: /^-d \/dev\/(?:sd[a-z]+|dm-\d+)$/,
  sed: /^-i \/\^# longshore: [a-z ]+\$\/,\$d \/etc\/iscsi\/nodes\/\S+$/,
  ln: /^-sfn \/dev\/\S+ \/dev\/disk\/by-id\/os-brick\+\S+$/,
  rm: /^-f -- (?:(?:\/dev\/disk\/by-id\/os-brick\+|\/(?:etc|var\/lib)\/iscsi\/nodes\/|\/run\/longshore-unwritten\/)\S+ ?)+$/,
  install: /^-D -m 0644 \/dev\/stdin \/run\/longshore-unwritten\/[A-Za-z0-9#+.:=@_-]+$/,
  udevadm: /^info --query=property --name=\/dev\/\{\}$/,
  cp: /^-n -p \/(?:etc|var\/lib)\/iscsi\/send_targets\//,
  mv: /^-f \/(?:etc|var\/lib)\/iscsi\/send_targets\//,
  grep: /^/,
  awk: /^/,
};
/** sysfs attributes that may be written, with what; everything else is a line behind the end of a record */
const WRITES: readonly (readonly [RegExp, RegExp])[] = [
  [/^\/sys\/class\/scsi_host\/host\d+\/scan$/, /^- - \d+$/],
  [/^\/sys\/class\/scsi_device\/[\d:]+\/device\/(?:delete|rescan)$/, /^1$/],
];

/** Why a request must not be made of a host by attach, detach, extend or status; null when it may. */
export function forbidden(request: LaneRequest): string | null {
  if (request.kind === 'run') return forbiddenCommand(request.argv);
  if (request.kind === 'wait' && request.outputLacks !== undefined) return forbiddenCommand(request.outputLacks.argv);
  if (request.kind !== 'write') return null;
  const files = [request.filePath].flat();
  if (request.append === true) {
    const isRecord = files.every((one) => /^\/(?:etc|var\/lib)\/iscsi\/(?:nodes|send_targets)\//.test(one));
    return isRecord ? null : `append to ${files.join()}`;
  }
  const [filePath = ''] = files;
  const rule = WRITES.find(([file]) => file.test(filePath));
  const isFine = files.length === 1 && typeof request.content === 'string' && rule?.[1].test(request.content) === true;
  return isFine ? null : `write ${String(request.content)} to ${files.join()}`;
}

function forbiddenCommand([program = '', ...words]: readonly string[]): string | null {
  const text = words.join(' ');
  return ALLOWED[program]?.test(text) === true ? null : `${program} ${text}`;
}

/** A host of which nothing forbidden can be asked: each test that uses it shows that nothing is. */
export function withoutForbidden(executor: Executor): Executor {
  return {
    host: executor.host,
    sequence(deadline, requests) {
      const what = requests.map(forbidden).find((one) => one !== null);
      if (what != null) throw new Error(`forbidden: ${what}`);
      return executor.sequence(deadline, requests);
    },
    prepareLanes: (count) => executor.prepareLanes(count),
    counters: () => executor.counters(),
    close: () => executor.close(),
  };
}
