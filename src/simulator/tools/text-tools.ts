import type { SimulatedHost } from '../host-model.js';
import { hasOption, parseOptions } from './options.js';
import { complained, lines, printed, type Tool, type ToolResult } from './tool.js';

/** `cat FILES`, or stdin. */
export const cat: Tool = ({ host, argv, input }) => {
  const files = argv.slice(1).filter((word) => word !== '-');
  if (files.length === 0) return printed(input);
  const reads = files.map((filePath) => ({ filePath, read: host.files().read(filePath) }));
  const problems = reads.flatMap(({ filePath, read }) => ('error' in read ? [`cat: ${filePath}: ${read.error}`] : []));
  const stdout = reads.map(({ read }) => ('content' in read ? read.content : '')).join('');
  return { exit: problems.length > 0 ? 1 : 0, stdout, stderr: lines(problems) };
};

/** `readlink -f PATHS`. */
export const readlink: Tool = ({ host, argv }) => {
  const files = argv.slice(1).filter((word) => !word.startsWith('-'));
  const found = files.map((filePath) => host.files().canonical(filePath));
  return {
    exit: found.includes(null) ? 1 : 0,
    stdout: lines(found.filter((filePath) => filePath !== null)),
    stderr: '',
  };
};

/** `ls [-d1a] PATHS`: names only, one a line. */
export const ls: Tool = ({ host, argv }) => {
  const options = parseOptions(
    argv.slice(1),
    [...'d1aAlhL'].map((letter) => ({ name: letter, letter })),
  );
  const paths = options.operands.length === 0 ? ['/'] : options.operands;
  const out: string[] = [];
  const problems: string[] = [];
  for (const filePath of paths) {
    const node = host.files().node(filePath);
    if (node === null) problems.push(`ls: cannot access '${filePath}': No such file or directory`);
    else if (node.kind === 'file' || hasOption(options, 'd')) out.push(filePath);
    else out.push(...[...node.entries.keys()].sort());
  }
  return { exit: problems.length > 0 ? 2 : 0, stdout: lines(out), stderr: lines(problems) };
};

/** `tee [-a] FILE`: for the simulator a write, as sysfs takes it. */
export const tee: Tool = async ({ host, argv, input, signal }) => {
  for (const filePath of argv.slice(1).filter((word) => !word.startsWith('-'))) {
    const append = argv[1] === '-a';
    const problem = await writeFile(host, filePath, input, { signal, append });
    if (problem !== null) return complained(`tee: ${filePath}: ${problem}`, 1, input);
  }
  return printed(input);
};

/** One write(2) to an existing file; null when it went well, else the C library's words. */
export async function writeFile(
  host: SimulatedHost,
  filePath: string,
  content: string,
  { signal, append }: { readonly signal: AbortSignal; readonly append: boolean },
): Promise<string | null> {
  const node = host.files().node(filePath);
  if (node === null) return 'No such file or directory';
  if (node.kind === 'directory') return 'Is a directory';
  if (node.write === undefined) return 'Permission denied';
  return node.write(content, signal, append);
}

const MOUNTINFO = /^\/proc\/(\d+)\/mountinfo$/;

/** `D PID RAN_AT_MS PROCESSOR WHERE NAME` for each process in uninterruptible sleep, `iscsid` when that runs, and a closing line. */
function sleepers(host: SimulatedHost, files: readonly string[]): ToolResult {
  const { blockedTasks, iscsid } = host.condition.now;
  const rows = blockedTasks.map(
    ({ pid, name, seconds }) => `D ${pid} ${host.uptimeMs() - seconds * 1000} 0 io_schedule ${name}`,
  );
  return printed(lines([...rows, ...(iscsid === 'running' ? ['iscsid'] : []), `end ${files.length}`]));
}

/** Whether a mount may be of one of the devices whose `dev` and `dm/name` files these are. */
function ownership(host: SimulatedHost, files: readonly string[]): (dev: string, source: string) => boolean {
  const [devs, kernel, mapped] = [new Set<string>(), new Set<string>(), new Set<string>()];
  for (const file of files.filter((one) => one.startsWith('/sys/'))) {
    const read = host.files().read(file);
    if (!('content' in read)) continue;
    const parts = file.split('/');
    (parts.at(-1) === 'dev' ? devs : mapped).add(read.content.trim());
    if (parts.at(-1) === 'dev') kernel.add(parts.at(-2) ?? '');
  }
  return (dev, source) => {
    if (devs.has(dev)) return true;
    const [, mapper, name = ''] = /^\/dev\/(mapper\/)?([^/\\]+)$/.exec(source) ?? [];
    return name === '' || (mapper === undefined ? kernel : mapped).has(name);
  };
}

/**
 * awk is there for two intents: the states of all processes, and programs that go through mountinfo files and print each mount once, as
 * `PID MAJOR:MINOR MOUNTPOINT FSTYPE SOURCE`, with a closing line. Any other program fails, loudly.
 */
export const awk: Tool = ({ host, argv }) => {
  const [program = '', ...words] = argv.slice(1);
  if (program.includes('/sched')) return sleepers(host, words);
  const files = words.filter((word) => MOUNTINFO.test(word));
  if (files.length === 0) return complained('awk: this program is not simulated', 2);
  const isOurs = words[0] === 'scoped' ? ownership(host, words.slice(1)) : () => true;
  const seen = new Set<string>();
  const perDevice = new Map<string, number>();
  const out: string[] = [];
  let processes = 0;
  let init = 0;
  for (const file of files) {
    const pid = MOUNTINFO.exec(file)?.[1] ?? '';
    const read = host.files().read(file);
    if (!('content' in read)) continue;
    processes += 1;
    if (pid === '1') init = 1;
    for (const line of read.content.split('\n')) {
      const fields = line.split(' ');
      const dash = fields.indexOf('-', 6);
      const [dev = '', mountPoint = '', fsType = '', source = ''] = [
        fields[2],
        fields[4],
        fields[dash + 1],
        fields[dash + 2],
      ];
      if (dash === -1 || (dev.startsWith('0:') && !source.startsWith('/')) || !isOurs(dev, source)) continue;
      const mount = `${dev} ${mountPoint} ${fsType} ${source}`;
      const count = perDevice.get(`${dev} ${source}`) ?? 0;
      if (seen.has(mount) || count >= 16) continue;
      seen.add(mount);
      perDevice.set(`${dev} ${source}`, count + 1);
      out.push(`${pid} ${mount}`);
    }
  }
  return printed(lines([...out, `end ${processes} ${init}`]));
};
