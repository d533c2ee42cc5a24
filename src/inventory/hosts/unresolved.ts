import type { LocatedScalar } from '../source/located.js';

/** For a value that only Ansible could work out. */
export function unresolvedMessage(scalar: LocatedScalar): string {
  return scalar.tag === 'vault'
    ? 'is encrypted by ansible-vault, which Longshore cannot decrypt; write {env: NAME} or {file: PATH} for a secret, else the value itself'
    : 'holds a Jinja expression, which Longshore does not evaluate; write the value itself, {env: NAME} or {file: PATH} for a secret, or !unsafe before it when the braces belong to it';
}
