import { LongshoreError } from '../errors/longshore-error.js';
import type { LaneReply } from './executor.js';
import type { Frame } from './frame-reader.js';
import type { WireRequest } from './lane-requests.js';

/**
 * Payload lines by their first character; a path with newlines in it goes on in lines that begin with `+`.
 *
 *     f PATH, = LINE ...   a file and its lines         p PATH   a path of a list or a find
 *     u PATH               not readable                 r PATH   canonical path of the p in the same place; `-`: has none
 *     m PATH               present                      a PATH   not absent
 */
interface Line {
  readonly mark: string;
  readonly text: string;
}

/** Whether a reply has a second frame, on stderr. */
export function speaksOnStderr(request: WireRequest): boolean {
  return request.kind === 'run' || request.kind === 'write';
}

export interface Reply {
  readonly reply: LaneReply;
  /** processes that the request started on the host */
  readonly processes: number;
}

/**
 * The typed reply to a request, from its frame on stdout and, for `run` and `write`, the one on stderr. Throws `E_PARSE` when there was
 * more to read than is kept: a file must not look shorter than it is.
 */
export function decodeReply(request: WireRequest, frame: Frame, stderr: Frame | null): Reply {
  const [okWord, processes, ...status] = frame.words;
  if (okWord === 'skip') return { reply: { kind: 'skipped', ok: false }, processes: 0 };
  if (frame.truncated && request.kind !== 'run') {
    throw new LongshoreError('E_PARSE', `the host's answer to a ${request.kind} is larger than can be kept`);
  }
  return { reply: replyTo(request, okWord === '1', status, frame, stderr), processes: Number(processes) || 0 };
}

function replyTo(
  request: WireRequest,
  ok: boolean,
  status: readonly string[],
  frame: Frame,
  stderr: Frame | null,
): LaneReply {
  const text = frame.payload.toString('utf8');
  const errorText = stderr?.payload.toString('utf8') ?? '';
  switch (request.kind) {
    case 'run': {
      const [exit, timedOut] = status;
      return {
        kind: 'run',
        ok,
        exit: exit === undefined || exit === '-' ? null : Number(exit),
        stdout: text,
        stderr: errorText,
        timedOut: timedOut === 't',
        truncated: frame.truncated || stderr?.truncated === true,
      };
    }
    case 'write': {
      // the shell names itself and the file that it could not open, but not the one that it could not write
      const said = errorText.trim();
      const wanted = [request.filePath].flat()[0] ?? '';
      const isNamed = said.includes(' /') || said.startsWith(`${wanted}: `);
      const named = isNamed ? said : `${wanted}: ${said === '' ? 'the write failed' : said}`;
      return { kind: 'write', ok, error: ok ? said : named };
    }
    case 'read':
      return { kind: 'read', ok: true, ...filesIn(linesOf(text)) };
    case 'list':
      return { kind: 'list', ok: true, ...pathsIn(linesOf(text)) };
    case 'find':
      return { kind: 'find', ok: true, paths: textsOf(linesOf(text), 'p') };
    case 'wait': {
      const lines = linesOf(text);
      return { kind: 'wait', ok, matches: textsOf(lines, 'm'), remaining: textsOf(lines, 'a') };
    }
    case 'lock':
      return { kind: 'lock', ok, holder: ok ? '' : text.trim() };
    case 'join':
      return { kind: 'lock', ok, holder: '' };
  }
}

function linesOf(text: string): readonly Line[] {
  const lines: { mark: string; text: string }[] = [];
  for (const line of text.split('\n')) {
    const last = lines.at(-1);
    if (line.startsWith('+') && last !== undefined) last.text += `\n${line.slice(1)}`;
    else if (line !== '') lines.push({ mark: line.charAt(0), text: line.slice(1) });
  }
  return lines;
}

function textsOf(lines: readonly Line[], mark: string): string[] {
  return [...new Set(lines.filter((line) => line.mark === mark).map((line) => line.text))];
}

function filesIn(lines: readonly Line[]): { files: ReadonlyMap<string, string>; unreadable: readonly string[] } {
  const found = new Map<string, string[]>();
  let content: string[] = [];
  for (const { mark, text } of lines) {
    if (mark === 'f') {
      content = [];
      found.set(text, content);
    } else if (mark === '=') content.push(text);
  }
  const files = new Map([...found].map(([filePath, own]) => [filePath, own.join('\n').replace(/\n+$/, '')]));
  return { files, unreadable: textsOf(lines, 'u') };
}

function pathsIn(lines: readonly Line[]): { paths: readonly string[]; resolved: ReadonlyMap<string, string> } {
  const paths = lines.filter((line) => line.mark === 'p').map((line) => line.text);
  const canonical = lines.filter((line) => line.mark === 'r' || line.mark === '-');
  const resolved = new Map<string, string>();
  paths.forEach((one, index) => {
    const line = canonical[index];
    if (line?.mark === 'r') resolved.set(one, line.text);
  });
  return { paths: [...new Set(paths)], resolved };
}

/** A reply as a lane writes it, for servers that emulate lanes. */
export function encodeReply(
  nonce: string,
  id: number,
  reply: LaneReply,
  processes: number = reply.kind === 'run' ? 2 : 0,
): { stdout: Buffer; stderr: Buffer } {
  if (reply.kind === 'skipped') return { stdout: Buffer.from(`\n${nonce} ${id} skip\n`), stderr: Buffer.alloc(0) };
  const begin = `\n${nonce} begin ${id}\n`;
  const end = `\n${nonce} ${id} ${reply.ok ? 1 : 0} ${processes} ${statusOf(reply)}\n`;
  const said = reply.kind === 'run' ? reply.stderr : reply.kind === 'write' ? reply.error : null;
  return {
    stdout: Buffer.from(`${begin}${payloadOf(reply)}${end}`),
    stderr: said === null ? Buffer.alloc(0) : Buffer.from(`${begin}${said}\n${nonce} ${id}\n`),
  };
}

function statusOf(reply: LaneReply): string {
  return reply.kind === 'run' ? `${reply.exit ?? '-'}${reply.timedOut ? ' t' : ''}` : '';
}

function payloadOf(reply: LaneReply): string {
  switch (reply.kind) {
    case 'run':
      return reply.stdout;
    case 'read': {
      const files = [...reply.files].map(
        ([filePath, content]) => line('f', filePath) + (content === '' ? '' : `=${content.replaceAll('\n', '\n=')}\n`),
      );
      return files.join('') + reply.unreadable.map((one) => line('u', one)).join('');
    }
    case 'list': {
      const canonical = reply.paths.map((one) => {
        const target = reply.resolved.get(one);
        return target === undefined ? '-\n' : line('r', target);
      });
      return reply.paths.map((one) => line('p', one)).join('') + canonical.join('');
    }
    case 'find':
      return reply.paths.map((one) => line('p', one)).join('');
    case 'wait':
      return (
        reply.matches.map((one) => line('m', one)).join('') + reply.remaining.map((one) => line('a', one)).join('')
      );
    case 'lock':
      return reply.holder;
    case 'write':
    case 'skipped':
      return '';
  }
}

function line(mark: string, path: string): string {
  return `${mark}${path.replaceAll('\n', '\n+')}\n`;
}
