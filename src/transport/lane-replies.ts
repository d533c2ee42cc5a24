import type { LaneReply } from './executor.js';
import type { WireRequest } from './lane-requests.js';

/** Bytes of one stream of one reply that are kept; the rest is read and dropped. */
export const OUTPUT_LIMIT_BYTES: number = 8 * 1024 * 1024;

/** What a frame line says of the request it ends. */
export interface Frame {
  readonly id: number;
  readonly skipped: boolean;
  readonly ok: boolean;
  /** processes that the request started on the host */
  readonly processes: number;
  /** exit code of a command, else '' */
  readonly status: string;
  readonly payload: Buffer;
  readonly truncated: boolean;
}

/**
 * Cuts a lane's stream into frames: everything up to a line that begins with the lane's nonce, which nobody else on the host
 * knows. Keeps at most `OUTPUT_LIMIT_BYTES` of what is between two frames.
 */
export class FrameReader {
  readonly #marker: Buffer;
  readonly #limit: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #truncated = false;
  #tail: Buffer = Buffer.alloc(0);

  constructor(nonce: string, limit: number = OUTPUT_LIMIT_BYTES) {
    this.#marker = Buffer.from(`\n${nonce} `);
    this.#limit = limit;
  }

  push(chunk: Buffer): readonly Frame[] {
    let rest = this.#tail.length === 0 ? chunk : Buffer.concat([this.#tail, chunk]);
    const frames: Frame[] = [];
    for (;;) {
      const at = rest.indexOf(this.#marker);
      if (at === -1) {
        // the marker may be cut in two: its beginning waits for the next chunk
        const safe = Math.max(0, rest.length - this.#marker.length + 1);
        this.#keep(rest.subarray(0, safe));
        this.#tail = rest.subarray(safe);
        return frames;
      }
      const end = rest.indexOf(0x0a, at + this.#marker.length);
      if (end === -1) {
        this.#keep(rest.subarray(0, at));
        this.#tail = rest.subarray(at);
        return frames;
      }
      this.#keep(rest.subarray(0, at));
      frames.push(this.#frame(rest.subarray(at + this.#marker.length, end).toString()));
      rest = rest.subarray(end + 1);
    }
  }

  #keep(bytes: Buffer): void {
    const room = this.#limit - this.#keptBytes;
    if (bytes.length > room) this.#truncated = true;
    if (room <= 0 || bytes.length === 0) return;
    // copied, so that a small rest does not hold on to a large chunk
    this.#kept.push(Buffer.from(bytes.subarray(0, room)));
    this.#keptBytes += Math.min(room, bytes.length);
  }

  #frame(line: string): Frame {
    const [id = '', ok = '', processes = '', status = ''] = line.split(' ');
    const frame: Frame = {
      id: Number(id),
      skipped: ok === 'skip',
      ok: ok === '1',
      processes: Number(processes) || 0,
      status,
      payload: Buffer.concat(this.#kept),
      truncated: this.#truncated,
    };
    this.#kept = [];
    this.#keptBytes = 0;
    this.#truncated = false;
    return frame;
  }
}

/** The typed reply to a request, from its frame on stdout and, for a command, the one on stderr. */
export function decodeReply(request: WireRequest, frame: Frame, stderr: Frame | null): LaneReply {
  if (frame.skipped) return { kind: 'skipped', ok: false };
  const text = frame.payload.toString('utf8');
  switch (request.kind) {
    case 'run': {
      const exit = frame.status === '' ? null : Number(frame.status);
      return {
        kind: 'run',
        ok: frame.ok,
        exit,
        stdout: text,
        stderr: stderr?.payload.toString('utf8') ?? '',
        // timeout(1) exits 124, or 137 when it had to kill; the shell shows 143 when only TERM was needed by busybox
        timedOut: exit === 124 || exit === 137 || exit === 143,
        truncated: frame.truncated || stderr?.truncated === true,
      };
    }
    case 'read':
      return { kind: 'read', ok: true, ...readFiles(text) };
    case 'list':
      return { kind: 'list', ok: true, ...listedPaths(text) };
    case 'write':
      return { kind: 'write', ok: frame.ok, error: stderr?.payload.toString('utf8').trim() ?? '' };
    case 'wait': {
      const lines = text.split('\n');
      const having = (mark: string): string[] =>
        lines.filter((line) => line.startsWith(mark)).map((line) => line.slice(1));
      return { kind: 'wait', ok: frame.ok, matches: having('m'), remaining: having('a') };
    }
    case 'lock':
      return { kind: 'lock', ok: frame.ok, holder: frame.ok ? '' : text.trim() };
    case 'join':
      return { kind: 'lock', ok: frame.ok, holder: '' };
  }
}

function readFiles(text: string): { files: Map<string, string>; unreadable: string[] } {
  const files = new Map<string, string>();
  const unreadable: string[] = [];
  let filePath = '';
  let lines: string[] = [];
  const close = (): void => {
    if (filePath !== '') files.set(filePath, lines.join('\n').replace(/\n+$/, ''));
    filePath = '';
    lines = [];
  };
  for (const line of text.split('\n')) {
    const mark = line.charAt(0);
    if (mark === '=') lines.push(line.slice(1));
    else if (mark === 'f') {
      close();
      filePath = line.slice(1);
    } else if (mark === 'u') {
      if (filePath === line.slice(1)) filePath = '';
      close();
      unreadable.push(line.slice(1));
    }
  }
  close();
  return { files, unreadable };
}

function listedPaths(text: string): { paths: string[]; resolved: Map<string, string> } {
  const lines = text.split('\n');
  const paths = lines.filter((line) => line.startsWith('p')).map((line) => line.slice(1));
  const canonical = lines.filter((line) => line.startsWith('r')).map((line) => line.slice(1));
  // readlink leaves out what vanished meanwhile: then nothing can be told apart
  const complete = canonical.length === paths.length;
  const resolved = new Map(complete ? paths.map((one, index) => [one, canonical[index] ?? '']) : []);
  return { paths, resolved };
}

/** A reply as a lane writes it, for servers that emulate lanes. */
export function encodeReply(nonce: string, id: number, reply: LaneReply): { stdout: Buffer; stderr: Buffer } {
  if (reply.kind === 'skipped') return { stdout: Buffer.from(`\n${nonce} ${id} skip\n`), stderr: Buffer.alloc(0) };
  const status = statusOf(reply);
  const frame = `\n${nonce} ${id} ${reply.ok ? 1 : 0} ${reply.kind === 'run' ? 2 : 0} ${status}\n`;
  const said = reply.kind === 'run' ? reply.stderr : reply.kind === 'write' ? reply.error : null;
  const stderr = said === null ? Buffer.alloc(0) : Buffer.from(`${said}\n${nonce} ${id}\n`);
  return { stdout: Buffer.from(`${payloadOf(reply)}${frame}`), stderr };
}

function statusOf(reply: LaneReply): string {
  return reply.kind === 'run' && reply.exit !== null ? String(reply.exit) : '';
}

function payloadOf(reply: LaneReply): string {
  switch (reply.kind) {
    case 'run':
      return reply.stdout;
    case 'read': {
      const files = [...reply.files].map(([filePath, content]) =>
        [`f${filePath}`, ...(content === '' ? [] : content.split('\n').map((line) => `=${line}`))].join('\n'),
      );
      return [...files, ...reply.unreadable.map((filePath) => `u${filePath}`)].map((line) => `${line}\n`).join('');
    }
    case 'list':
      return [...reply.paths.map((one) => `p${one}`), ...[...reply.resolved.values()].map((one) => `r${one}`)]
        .map((line) => `${line}\n`)
        .join('');
    case 'wait':
      return [...reply.matches.map((one) => `m${one}`), ...reply.remaining.map((one) => `a${one}`)].join('\n');
    case 'lock':
      return reply.holder;
    case 'write':
    case 'skipped':
      return '';
  }
}
