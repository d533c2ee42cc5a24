import { assert } from './assert.js';
import { attach } from './attach.js';
import { audit } from './audit.js';
import { command } from './command.js';
import { confirm } from './confirm.js';
import { detach } from './detach.js';
import { evacuate } from './evacuate.js';
import { extend } from './extend.js';
import { migrate } from './migrate.js';
import type { StepKind } from './step-kind.js';
import { sweep } from './sweep.js';
import { verify } from './verify.js';
import { waitFor } from './wait-for.js';

const KINDS: readonly StepKind[] = [
  attach,
  detach,
  extend,
  verify,
  migrate,
  evacuate,
  command,
  waitFor,
  confirm,
  assert,
  audit,
  sweep,
];

/** Every kind of step, by its key in a playbook. */
export const STEP_KINDS: ReadonlyMap<string, StepKind> = new Map(KINDS.map((kind) => [kind.name, kind]));
