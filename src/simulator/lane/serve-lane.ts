import { StringDecoder } from 'node:string_decoder';
import type { ServerChannel } from 'ssh2';
import type { LaneReply } from '../../transport/executor.js';
import { type DecodedRequest, encodeReply, type LaneInput, LaneInputReader } from '../../transport/lane-protocol.js';
import { answer, type SimulatedLane } from './answer.js';
import type { LaneStart } from './lane-start.js';
import { processesFor } from './processes.js';
import { ReplyQueue } from './reply-queue.js';

export interface ServeLaneOptions extends LaneStart {
  /** what sudo and doas want; null lets everybody in */
  readonly sudoPassword: string | null;
}

/**
 * A lane on an SSH channel: what `/bin/sh` with the lane library does on a real host. Answers requests in order until the
 * channel's input ends or the channel is gone.
 */
export async function serveLane(lane: SimulatedLane, channel: ServerChannel, options: ServeLaneOptions): Promise<void> {
  const decoder = new StringDecoder('utf8');
  const reader = new LaneInputReader();
  let password: string | null = options.passwordOnStdin && options.sudoPassword !== null ? '' : null;
  let nonce = '';
  let lastWasOk = true;
  const replies = new ReplyQueue(channel, () => lane.link.isHeard && !lane.gone.aborted);

  if (!options.passwordOnStdin && options.become !== 'none' && options.sudoPassword !== null) {
    refuse(channel, `${options.become}: a password is required\n`);
    return;
  }
  const greet = (): void => {
    if (options.greeting !== '') channel.write(`${options.greeting}\n`);
  };
  if (password === null) greet();
  else channel.stderr.write(options.prompt);

  const serve = async (input: LaneInput): Promise<void> => {
    if (input.type === 'start') {
      nonce = input.nonce;
      channel.stderr.write(`\n${nonce} ready 1 1\n`);
      channel.write(`\n${nonce} ready 1 1\n`);
    } else if (input.type === 'request') {
      const { chain, request } = input.request;
      // counted before: what it looks for may be gone afterwards. A reply that is skipped says nothing of processes
      const processes = chain === 'then' && !lastWasOk ? 0 : processesOf(lane, request);
      const reply = await answerInChain(lane, input.request, lastWasOk);
      lastWasOk = reply.ok;
      if (!lane.link.isHeard || lane.gone.aborted) return;
      replies.add(encodeReply(nonce, input.request.id, reply, processes));
    } else if (input.line.trim() !== '') {
      channel.stderr.write(`sh: 1: ${input.line.split(' ')[0] ?? ''}: not found\n`);
    }
  };

  for await (const chunk of chunksOf(channel, lane.gone)) {
    let text = decoder.write(chunk);
    if (password !== null) {
      const typed: string = password + text;
      const end = typed.indexOf('\n');
      password = typed;
      if (end === -1) continue;
      if (typed.slice(0, end) !== options.sudoPassword) {
        refuse(channel, `Sorry, try again.\n${options.become}: 1 incorrect password attempt\n`);
        return;
      }
      text = typed.slice(end + 1);
      password = null;
      greet();
    }
    for (const input of reader.push(text)) {
      // the shell of a lost connection dies of its next word
      if (lane.gone.aborted) return;
      await serve(input);
    }
  }
  replies.flush();
  if (!lane.gone.aborted) {
    channel.exit(0);
    channel.end();
  }
}

function processesOf(lane: SimulatedLane, request: DecodedRequest['request']): number {
  return request.kind === 'join' ? 0 : processesFor(lane, request);
}

/** A request of a chain is skipped when the one before it was not ok. */
async function answerInChain(
  lane: SimulatedLane,
  { chain, request }: DecodedRequest,
  lastWasOk: boolean,
): Promise<LaneReply> {
  if (chain === 'then' && !lastWasOk) return { kind: 'skipped', ok: false };
  if (request.kind !== 'join') return answer(lane, request);
  lane.host.locks.join(request.name, lane.lockHolder);
  return { kind: 'lock', ok: true, holder: '' };
}

/** The channel's input until it ends or the lane does. */
async function* chunksOf(channel: ServerChannel, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of channel.iterator({ destroyOnReturn: false })) {
      if (signal.aborted) return;
      yield chunk as Buffer;
    }
  } catch {
    // a channel that was cut in the middle has simply ended
  }
}

function refuse(channel: ServerChannel, message: string): void {
  channel.stderr.write(message);
  channel.exit(1);
  channel.end();
}
