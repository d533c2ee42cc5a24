import { pause } from '../../time/clock.js';
import type { LaneReply, LaneRequest, RunRequest } from '../../transport/executor.js';
import { DEFAULT_RUN_MS } from '../../transport/lane-requests.js';
import type { SimulatedHost } from '../host-model.js';
import type { SimulatedLane } from '../lane/answer.js';
import type { ConnectionEffect, CutMoment, FaultEffect, RequestEffect, WorldEffect } from './fault.js';
import { strikeWorld } from './strike-world.js';

/** Stands for a reply that nobody gets: the request was not done. */
const NOT_DONE: LaneReply = { kind: 'skipped', ok: false };

/** Answers a request with which something goes wrong. `answer` does it as it should be done, if it comes to that. */
export async function faultyAnswer(
  lane: SimulatedLane,
  request: LaneRequest,
  effects: readonly FaultEffect[],
  answer: () => Promise<LaneReply>,
): Promise<LaneReply> {
  for (const effect of effects) if (isWorldEffect(effect)) strikeWorld(lane.host, effect);
  const connection = effects.filter(isConnectionEffect);
  const own = effects.find(isRequestEffect);
  if (connection.some((effect) => strikeConnection(lane, effect, 'before'))) return NOT_DONE;
  for (const effect of connection) strikeConnection(lane, effect, 'meanwhile');
  const reply = await (own === undefined ? answer() : answerByEffect(lane, request, own, answer));
  for (const effect of connection) strikeConnection(lane, effect, 'after');
  return reply;
}

/** Whether the connection has ended by this. */
function strikeConnection({ host, link }: SimulatedLane, effect: ConnectionEffect, now: CutMoment): boolean {
  switch (effect.kind) {
    case 'cut':
    case 'kill-controller':
      if (effect.when !== now) return false;
      if (effect.kind === 'kill-controller') host.faults.killController();
      link.cut(effect.kind === 'cut' ? 'lost' : 'killed');
      return true;
    case 'silence':
      if (now === 'meanwhile') link.silence(effect.noticedMs, effect.endsMs);
      return false;
    case 'restart-sshd':
      if (now !== 'meanwhile') return false;
      host.network.close(effect.downMs);
      host.network.cutAll();
      return true;
    case 'reboot':
      if (now !== 'before') return false;
      host.reboot(effect.downMs);
      return true;
  }
}

async function answerByEffect(
  { host }: SimulatedLane,
  request: LaneRequest,
  effect: RequestEffect,
  answer: () => Promise<LaneReply>,
): Promise<LaneReply> {
  const { clock } = host.environment;
  switch (effect.kind) {
    case 'fail':
      return failure(host, request, effect, answer);
    case 'slow': {
      const limitMs = request.kind === 'run' ? limitOf(request) : Infinity;
      if (!(await pause(clock, Math.min(effect.delayMs, limitMs), host.power))) return NOT_DONE;
      return effect.delayMs < limitMs ? answer() : killed(request);
    }
    case 'hang': {
      const limitMs = request.kind === 'run' && effect.unkillable !== true ? limitOf(request) : Infinity;
      if (!(await pause(clock, Math.min(effect.forMs, limitMs), host.power))) return NOT_DONE;
      if (effect.forMs >= limitMs) return killed(request);
      const reply = await answer();
      const isLate = request.kind === 'run' && effect.forMs >= limitOf(request);
      return isLate ? killed(request) : reply;
    }
  }
}

/** The host's own limit of a command. */
function limitOf(request: RunRequest): number {
  return request.boundsItself === true ? Infinity : (request.timeoutMs ?? DEFAULT_RUN_MS);
}

function killed(request: LaneRequest): LaneReply {
  if (request.kind !== 'run') return NOT_DONE;
  const ok = request.okExits === 'any';
  return { kind: 'run', ok, exit: 124, stdout: '', stderr: '', timedOut: true, truncated: false };
}

async function failure(
  { environment: { clock }, power }: SimulatedHost,
  request: LaneRequest,
  { exit = 1, stderr = 'Input/output error\n' }: Extract<RequestEffect, { kind: 'fail' }>,
  answer: () => Promise<LaneReply>,
): Promise<LaneReply> {
  switch (request.kind) {
    case 'run': {
      const { okExits = [0], expectStdout = '' } = request;
      const ok = (okExits === 'any' || okExits.includes(exit)) && expectStdout === '';
      return { kind: 'run', ok, exit, stdout: '', stderr, timedOut: false, truncated: false };
    }
    case 'read': {
      const reply = await answer();
      return reply.kind === 'read' ? { ...reply, files: new Map(), unreadable: [...reply.files.keys()] } : reply;
    }
    case 'list': {
      // the shell lists names by itself; only the program that resolves them can fail
      const reply = await answer();
      return reply.kind === 'list' ? { ...reply, resolved: new Map() } : reply;
    }
    case 'find':
      // done by the shell itself, which also does without its grep
      return answer();
    case 'write':
      return { kind: 'write', ok: false, error: '/bin/sh: 1: printf: printf: I/O error' };
    case 'wait':
      await pause(clock, request.timeoutMs, power);
      return { kind: 'wait', ok: false, matches: [], remaining: [] };
    case 'lock':
      return { kind: 'lock', ok: false, holder: 'somebody else' };
  }
}

function isRequestEffect(effect: FaultEffect): effect is RequestEffect {
  return effect.kind === 'fail' || effect.kind === 'hang' || effect.kind === 'slow';
}

const CONNECTION_KINDS: readonly string[] = ['cut', 'silence', 'kill-controller', 'restart-sshd', 'reboot'];

function isConnectionEffect(effect: FaultEffect): effect is ConnectionEffect {
  return CONNECTION_KINDS.includes(effect.kind);
}

function isWorldEffect(effect: FaultEffect): effect is WorldEffect {
  return !isRequestEffect(effect) && !isConnectionEffect(effect);
}
