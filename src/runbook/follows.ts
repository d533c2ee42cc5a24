import type { PlayStep } from './playbook.js';
import type { PlannedWork } from './steps/step-kind.js';

/**
 * Which planned work comes after a change of the same plan: what was seen of its subject is then only how things stand before that, and
 * what will be done is known when it comes to it.
 */
export class Follows {
  /** by host: titles of steps that may change anything there, and of those that change one subject */
  readonly #hosts = new Map<string, string>();
  readonly #subjects = new Map<string, string>();

  /** The title of the earlier step that this work follows, or null; from now on others follow it. In the order of the plan. */
  take({ kind, title, on }: PlayStep, { host, subject, outcome }: PlannedWork): string | null {
    const key = JSON.stringify([host, subject]);
    const follows = this.#subjects.get(key) ?? this.#hosts.get(host) ?? null;
    const changes = kind.changes(on(host).options);
    if (changes === 'host') this.#hosts.set(host, title);
    else if (changes === 'subject' && outcome === 'changed') this.#subjects.set(key, title);
    return follows;
  }
}
