import { isSequence, type TraceReply, type TraceRequest } from '../../src/transport/recording/trace-format.js';
import type { ComparedHost, RecordedVerb } from './compared-scenarios.js';

/** What was recorded on one of the two, and the names that stand for its own. */
export interface RecordedHost {
  readonly recorded: readonly RecordedVerb[];
  readonly names: ComparedHost['names'];
}

export interface Difference {
  /** scenario and verb */
  readonly where: string;
  readonly request: string;
  readonly lab: string;
  readonly simulator: string;
}

export interface Comparison {
  readonly scenarios: number;
  readonly verbs: number;
  readonly requests: number;
  readonly equal: number;
  readonly different: readonly Difference[];
}

/** One thing that is compared: a request with its reply, or the end of a verb. */
interface Pair {
  readonly request: string;
  readonly reply: string;
}

/** Stands for the reply of the one that was not asked. */
const NOT_ASKED = '(not asked)';

/**
 * Compares each request and its reply, and each verb's end. Verbs do some things side by side, so that requests of one verb are compared as a
 * set; those that are equal word by word in their order.
 */
export function compareRecordings(lab: RecordedHost, simulator: RecordedHost): Comparison {
  const different: Difference[] = [];
  let requests = 0;
  const verbs = Math.max(lab.recorded.length, simulator.recorded.length);
  for (let index = 0; index < verbs; index += 1) {
    const [real, modelled] = [lab.recorded[index], simulator.recorded[index]];
    const where = nameOf(real ?? modelled);
    if (where !== nameOf(modelled)) throw new Error(`${where} was compared with ${nameOf(modelled)}`);
    const [left, right] = [pairsOf(real, lab.names), pairsOf(modelled, simulator.names)];
    for (const request of new Set([...left, ...right].map((pair) => pair.request))) {
      const [ours, theirs] = [repliesTo(request, left), repliesTo(request, right)];
      for (let at = 0; at < Math.max(ours.length, theirs.length); at += 1) {
        const [ofLab = NOT_ASKED, ofSimulator = NOT_ASKED] = [ours[at], theirs[at]];
        requests += 1;
        if (ofLab !== ofSimulator) different.push({ where, request, lab: ofLab, simulator: ofSimulator });
      }
    }
  }
  const scenarios = new Set(lab.recorded.map(({ scenario }) => scenario)).size;
  return { scenarios, verbs, requests, equal: requests - different.length, different };
}

function nameOf(verb: RecordedVerb | undefined): string {
  return verb === undefined ? 'nothing' : `${verb.scenario}: ${verb.verb}`;
}

function repliesTo(request: string, pairs: readonly Pair[]): readonly string[] {
  return pairs
    .filter((pair) => pair.request === request)
    .map(({ reply }) => reply)
    .toSorted();
}

function pairsOf(verb: RecordedVerb | undefined, names: ComparedHost['names']): readonly Pair[] {
  if (verb === undefined) return [];
  const asked = verb.trace.lines.filter(isSequence).flatMap(({ requests, replies, error }) =>
    requests.map((request, index) => ({
      request: requestShape(request, names),
      reply: replyShape(replies?.[index], error?.code, names),
    })),
  );
  return [...asked, { request: 'the end of the verb', reply: shape(verb.end, names) }];
}

/** A request without its time limits, which follow from the time that is left. */
function requestShape({ timeoutMs: _, waitMs: __, owner: ___, ...request }: TraceRequest, names: Names): string {
  const { kind, ...rest } = request;
  return `${kind} ${shapeOfValue(rest, names)}`;
}

function replyShape(reply: TraceReply | undefined, code: string | undefined, names: Names): string {
  if (reply === undefined) return code ?? 'no reply';
  if (reply.kind === 'list') reply.paths = reply.paths.filter((filePath) => !OF_THE_MACHINE.test(filePath));
  if (reply.kind !== 'read') return shapeOfValue(reply, names);
  const files = Object.entries(reply.files).filter(([filePath]) => !OF_THE_MACHINE.test(filePath));
  return shapeOfValue({ ...reply, files: files.map(([filePath, text]) => `${filePath} = ${allowed(text)}`) }, names);
}

type Names = ComparedHost['names'];

/** Sets are compared as sets: a shell lists matches as it finds them, and disks come in any order. */
function shapeOfValue(value: unknown, names: Names): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'string') return shape(inner, names);
    if (Array.isArray(inner) && inner.every((one) => typeof one === 'string')) {
      const texts = inner.map((one) => shape(one, names));
      return texts[0]?.startsWith('/') === true ? [...new Set(texts)].toSorted() : texts;
    }
    return inner;
  });
}

/** Files of the machine itself, which have nothing of the volume in them; docs/simulator.md has the reasons for this and for ALLOWED. */
const OF_THE_MACHINE = /^\/proc\/(?:cmdline|meminfo|swaps)$|^\/sys\/fs\/ext4\/(?:features|vda)$|^\/sys\/block\/loop/;

/** What may differ in an answer, and what stands for it. */
const ALLOWED: readonly (readonly [RegExp, string])[] = [
  [/^## .*\n/gm, ''],
  [/^end \d+ (?=\d+$)/gm, 'end N '],
  [/^(?!1 )\d+ 254:0 \/\S+ ext4 \/dev\/vda\n/gm, ''],
  [/(?<=^\d+ bytes ).*copied, .*$/gm, 'copied'],
  [/(?<= multipath 2 )\d \d 0 1 1 [AE](?= 0 )/g, 'GROUP'],
  [/(?<= )\d+:\d+(?= [AF] \d+ )/g, 'MAJOR:MINOR'],
];

/** What a kernel hands out in turn, on every machine in another order. */
const HANDED_OUT: readonly (readonly [RegExp, string])[] = [
  [/\bsd[a-z]{1,3}\b/g, 'sdX'],
  [/\bdm-\d+/g, 'dm-N'],
  [/(?<=session|connection)\d+(?!\d)/g, 'N'],
  [/\[sid: \d+/g, '[sid: N'],
  [/\(session \d+\)/g, '(session N)'],
  [/(?<=\/host)\d+/g, 'N'],
  [/\btarget\d+:0:0/g, 'targetN:0:0'],
  [/(?<![\d.:])\d+:0:0:(?=\d)/g, 'N:0:0:'],
  [/^\d+:\d+$/gm, 'MAJOR:MINOR'],
];

function shape(text: string, names: Names): string {
  const named = [...names].reduce((done, [own, general]) => done.replaceAll(own, general), text);
  return HANDED_OUT.reduce((done, [pattern, general]) => done.replace(pattern, general), allowed(named));
}

function allowed(text: string): string {
  const told = text.includes('\nUSEC_INITIALIZED=') ? udevFacts(text) : text;
  return ALLOWED.reduce((done, [pattern, general]) => done.replace(pattern, general), told);
}

/** Of all that udev knows of a device, what is read. */
function udevFacts(text: string): string {
  const kept = text.split('\n').filter((line) => /^(?:DEVNAME|DM_MULTIPATH_DEVICE_PATH)=/.test(line));
  return [...kept, text.includes('\nUSEC_INITIALIZED=') ? 'INITIALIZED' : ''].join('\n');
}
