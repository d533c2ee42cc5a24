import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One command of a case; `...` as the last word of argv stands for any number of words. */
export interface CaseCommand {
  readonly argv: readonly string[];
  readonly stdout?: string;
  readonly stderr?: string;
  readonly exit?: number | null;
  readonly timedOut?: boolean;
  readonly truncated?: boolean;
}

/** What a host showed, and what is to be made of it. A tool's case has the command's fields at its top. */
export interface CaseFile extends Partial<CaseCommand> {
  /** where it is from, or what is hostile about it */
  readonly about: string;
  readonly tool?: string;
  readonly version?: string;
  readonly distro?: string;
  /** content by path */
  readonly files?: Readonly<Record<string, string>>;
  /** paths that exist but cannot be read */
  readonly unreadable?: readonly string[];
  /** the host has no sysfs */
  readonly withoutSysfs?: boolean;
  /** paths that exist, directories and links too */
  readonly list?: readonly string[];
  readonly commands?: readonly CaseCommand[];
  /** what the subject's function takes beside that */
  readonly given?: Readonly<Record<string, unknown>>;
  /** another case of the same subject, which this one changes: null removes a file, or every path below it */
  readonly base?: string;
  readonly change?: Readonly<Record<string, string | null>>;
  readonly expect: unknown;
}

const CASES_DIRECTORY = join(import.meta.dirname, '../../cases');

export interface NamedCase {
  readonly subject: string;
  readonly name: string;
  readonly content: CaseFile;
}

/** All cases of the folder; throws on anything in it that is no case. */
export function loadCases(): NamedCase[] {
  return readdirSync(CASES_DIRECTORY, { withFileTypes: true }).flatMap((subject) => {
    if (!subject.isDirectory()) throw new Error(`test/cases/${subject.name} is not a subject's folder`);
    return readdirSync(join(CASES_DIRECTORY, subject.name)).map((file) => {
      if (!/^[a-z0-9-]+\.json$/.test(file)) throw new Error(`test/cases/${subject.name}/${file} is not a case file`);
      const name = file.slice(0, -'.json'.length);
      return { subject: subject.name, name, content: readCase(subject.name, name) };
    });
  });
}

function readCase(subject: string, name: string): CaseFile {
  const content = JSON.parse(readFileSync(join(CASES_DIRECTORY, subject, `${name}.json`), 'utf8')) as CaseFile;
  if (content.base === undefined) return content;
  const base = readCase(subject, content.base);
  const files = { ...base.files };
  const gone = Object.entries(content.change ?? {}).flatMap(([path, text]) => (text === null ? [path] : []));
  const isGone = (path: string): boolean => gone.some((root) => path === root || path.startsWith(`${root}/`));
  for (const path of Object.keys(files)) if (isGone(path)) delete files[path];
  for (const [path, text] of Object.entries(content.change ?? {})) if (text !== null) files[path] = text;
  const list = [...(base.list ?? []).filter((path) => !isGone(path)), ...(content.list ?? [])];
  return { ...base, ...content, files, list };
}

/** What makes two cases the same: everything but the words about it. */
export function fingerprint({ subject, content }: NamedCase): string {
  const { files, unreadable, withoutSysfs, list, commands, given, argv, stdout, stderr, exit, timedOut, truncated } =
    content;
  return JSON.stringify([
    subject,
    files,
    unreadable,
    withoutSysfs,
    list,
    commands,
    given,
    argv,
    stdout,
    stderr,
    exit,
    timedOut,
    truncated,
  ]);
}
