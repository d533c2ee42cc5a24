import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LongshoreError } from '../../src/errors/longshore-error.js';
import type { HostKeyPolicy } from '../../src/transport/known-hosts.js';
import { connectSsh } from '../../src/transport/ssh-connection.js';
import { soon } from './executors.js';
import { makeKey, type SshdFixture, startSshd } from './sshd-fixture.js';

let sshd: SshdFixture;
let ed25519 = '';
let rsa = '';
let otherKey = '';
beforeAll(async () => {
  sshd = await startSshd({ hostKeyTypes: ['ed25519', 'rsa'] });
  [ed25519 = '', rsa = ''] = sshd.hostKeys;
  const file = makeKey(sshd.directory, 'somebody_else');
  otherKey = readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
});
afterAll(() => sshd.close());

let count = 0;
function file(...lines: string[]): string {
  count += 1;
  const filePath = path.join(sshd.directory, `known_hosts_${count}`);
  writeFileSync(filePath, lines.map((line) => `${line}\n`).join(''));
  return filePath;
}

/** 'connected' or the error */
async function verdict(files: readonly string[], mode: HostKeyPolicy['mode'] = 'strict'): Promise<unknown> {
  try {
    const executor = await connectSsh(sshd.options({ hostKeys: { files, mode } }), soon());
    await executor.close();
    return 'connected';
  } catch (error) {
    return error;
  }
}

const name = (): string => `[127.0.0.1]:${sshd.port}`;
const fingerprintOf = (keyFile: string): string =>
  execFileSync('/usr/bin/ssh-keygen', ['-lf', keyFile], { encoding: 'utf8' }).split(' ')[1] ?? '';

describe('host keys', () => {
  test('the key that a file names is accepted; so is one that is hashed, a pattern, or of the second type', async () => {
    expect(await verdict([file(`${name()} ${ed25519}`)])).toBe('connected');
    const hashed = file(`${name()} ${ed25519}`);
    execFileSync('/usr/bin/ssh-keygen', ['-q', '-Hf', hashed], { stdio: 'ignore' });
    expect(readFileSync(hashed, 'utf8')).toMatch(/^\|1\|/);
    expect(await verdict([hashed])).toBe('connected');
    expect(await verdict([file('# a comment', '', 'not a line', `db01,[127.0.0.?]:* ${ed25519} a comment`)])).toBe(
      'connected',
    );
    expect(await verdict([file(`${name()} ${rsa}`)])).toBe('connected');
  });

  test('an entry without the port is enough when its key is the one shown, as for ssh', async () => {
    expect(await verdict([file(`127.0.0.1 ${ed25519}`)])).toBe('connected');
    expect(await verdict([file(`127.0.0.1 ${otherKey}`)])).toMatchObject({ code: 'E_HOST_KEY' });
  });

  test('all files are read, and one that is not there holds nothing', async () => {
    expect(
      await verdict([path.join(sshd.directory, 'none'), file(`other ${otherKey}`), file(`${name()} ${ed25519}`)]),
    ).toBe('connected');
  });

  test('a host that no file names is refused with its fingerprint and what to do', async () => {
    const known = file(`other ${ed25519}`, `!127.0.0.1,!${name()},* ${ed25519}`);
    const error = await verdict([known]);
    expect(error).toBeInstanceOf(LongshoreError);
    expect(error).toMatchObject({ code: 'E_HOST_KEY', details: { host: 'web01' } });
    expect(String(error)).toContain(fingerprintOf(path.join(sshd.directory, 'host_ed25519.pub')));
    expect((error as LongshoreError).details.remedy).toContain(known);
    expect((error as LongshoreError).details.remedy).toContain('--accept-new-host-keys');
  });

  test('a changed key is refused, with both fingerprints and the line that conflicts, also where new hosts are accepted', async () => {
    const known = file('# first line', `${name()} ${otherKey}`);
    for (const mode of ['strict', 'accept-new'] as const) {
      const error = await verdict([known], mode);
      expect(error).toMatchObject({ code: 'E_HOST_KEY' });
      expect(String(error)).toContain(`${known}:2`);
      expect(String(error)).toContain(fingerprintOf(path.join(sshd.directory, 'host_ed25519.pub')));
      expect(String(error)).toContain(fingerprintOf(path.join(sshd.directory, 'somebody_else.pub')));
    }
    expect(readFileSync(known, 'utf8')).toBe(`# first line\n${name()} ${otherKey}\n`);
  });

  test('a revoked key is refused even if another line knows it', async () => {
    const known = file(`${name()} ${ed25519}`, `@revoked * ${ed25519}`);
    expect(await verdict([known])).toMatchObject({
      code: 'E_HOST_KEY',
      message: expect.stringContaining('revoked') as string,
    });
    expect(await verdict([known], 'accept-new')).toMatchObject({ code: 'E_HOST_KEY' });
  });

  test('a certificate authority is not taken for a key of the host', async () => {
    expect(await verdict([file(`@cert-authority * ${ed25519}`)])).toMatchObject({ code: 'E_HOST_KEY' });
  });

  test('accept-new adds the host to the first file, once, and holds it to that', async () => {
    const directory = path.join(sshd.directory, 'new-home', '.ssh');
    const fresh = path.join(directory, 'known_hosts');
    const second = file(`other ${otherKey}`);
    expect(await verdict([fresh, second], 'accept-new')).toBe('connected');
    expect(readFileSync(fresh, 'utf8')).toBe(`${name()} ${ed25519}\n`);
    expect(await verdict([fresh, second])).toBe('connected');
    expect(await verdict([fresh, second], 'accept-new')).toBe('connected');
    expect(readFileSync(fresh, 'utf8').split('\n')).toHaveLength(2);
    const unfinished = path.join(sshd.directory, 'unfinished');
    writeFileSync(unfinished, `other ${otherKey}`);
    expect(await verdict([unfinished], 'accept-new')).toBe('connected');
    expect(readFileSync(unfinished, 'utf8')).toBe(`other ${otherKey}\n${name()} ${ed25519}\n`);
    expect(existsSync(second)).toBe(true);
  });

  test('a file that cannot be read is an error, not an empty file', async () => {
    expect(await verdict([sshd.directory])).toMatchObject({ code: 'E_HOST_KEY' });
  });
});
