import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { LocalSshFacts } from '../../src/transport/choose-transport-facts.js';
import {
  connectByChoice,
  SSH2_ALGORITHMS,
  type TransportPlan,
  type TransportQuestion,
  whySystemSsh,
} from '../../src/transport/choose-transport.js';
import type { Executor } from '../../src/transport/executor.js';
import { ask, run, soon } from './executors.js';
import { makeKey, type SshdFixture, startSshd } from './sshd-fixture.js';
import { KEYGEN, systemOptions } from './system-ssh-options.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function temporary(): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'longshore-choice-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  return directory;
}

async function sshd(options: Parameters<typeof startSshd>[0] = {}): Promise<SshdFixture> {
  const fixture = await startSshd(options);
  cleanups.push(() => fixture.close());
  return fixture;
}

/** A host that trusts a certificate authority and no key, and a key with a certificate of it. */
async function certificateHost(): Promise<{ fixture: SshdFixture; certificate: string; reasons: string[] }> {
  const authority = makeKey(temporary(), 'authority');
  const fixture = await sshd({ config: [`TrustedUserCAKeys ${authority}.pub`] });
  writeFileSync(path.join(fixture.directory, 'authorized_keys'), '');
  const user = userInfo().username;
  execFileSync(KEYGEN, ['-q', '-s', authority, '-I', 'operator', '-n', user, '-V', '+5m', `${fixture.clientKey}.pub`]);
  return { fixture, certificate: `${fixture.clientKey}-cert.pub`, reasons: [] };
}

function plan(fixture: SshdFixture, reasons: string[], changes: Partial<TransportPlan> = {}): TransportPlan {
  return {
    transport: 'auto',
    ssh2: fixture.options(),
    config: new Map(),
    certificateFiles: [],
    keyFiles: [fixture.clientKey],
    systemSsh: () => systemOptions(fixture),
    onSystemSsh: (reason) => reasons.push(reason),
    ...changes,
  };
}

async function connect(wanted: TransportPlan): Promise<Executor> {
  const executor = await connectByChoice(wanted, soon(), new LocalSshFacts());
  cleanups.push(() => executor.close());
  return executor;
}

async function startAgent(...keys: string[]): Promise<string> {
  const socket = path.join(temporary(), 'agent');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: ['ignore', 'pipe', 'ignore'] });
  cleanups.push(async () => {
    const ended = once(agent, 'close');
    agent.kill();
    await ended;
  });
  await once(agent.stdout, 'data');
  const env = { ...process.env, SSH_AUTH_SOCK: socket };
  for (const key of keys) execFileSync('ssh-add', ['-q', key], { env, stdio: 'ignore' });
  return socket;
}

describe('a host that takes certificates only', () => {
  test('is reached by the system ssh, not by ssh2, and auto takes the right one and says why', async () => {
    const { fixture, certificate, reasons } = await certificateHost();
    await expect(connect(plan(fixture, reasons, { transport: 'ssh2' }))).rejects.toMatchObject({ code: 'E_AUTH' });
    const forced = await connect(plan(fixture, reasons, { transport: 'openssh' }));
    expect(await ask(forced, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    expect(reasons).toEqual([]);
    const chosen = await connect(plan(fixture, reasons));
    expect(await ask(chosen, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    expect(reasons).toEqual([`there is the certificate ${certificate}, which ssh2 cannot use`]);
  });

  test('is reached with a certificate of CertificateFile, and with one in the agent', async () => {
    const { fixture, certificate, reasons } = await certificateHost();
    const elsewhere = path.join(temporary(), 'operator-cert.pub');
    writeFileSync(elsewhere, readFileSync(certificate));
    const agent = await startAgent(fixture.clientKey);
    rmSync(certificate);
    const byFile = plan(fixture, reasons, {
      certificateFiles: [elsewhere],
      systemSsh: () => systemOptions(fixture, { arguments: ['-o', `CertificateFile=${elsewhere}`] }),
    });
    expect(await ask(await connect(byFile), run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    const byAgent = plan(fixture, reasons, {
      ssh2: fixture.options({ privateKeys: [], agent }),
      keyFiles: [],
      systemSsh: () => systemOptions(fixture, { keyFiles: [], arguments: ['-o', `IdentityAgent=${agent}`] }),
    });
    expect(await ask(await connect(byAgent), run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    expect(reasons.at(-1)).toBe('the agent holds a certificate, which ssh2 cannot use');
  });
});

describe('auto', () => {
  test('takes ssh2 where nothing speaks against it', async () => {
    const fixture = await sshd();
    const reasons: string[] = [];
    const executor = await connect(plan(fixture, reasons, { systemSsh: () => Promise.reject(new Error('not asked')) }));
    expect(await ask(executor, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    expect(reasons).toEqual([]);
  });

  test('falls back when the handshake finds no common algorithm', async () => {
    const fixture = await sshd({ config: ['KexAlgorithms sntrup761x25519-sha512@openssh.com'] });
    const reasons: string[] = [];
    const executor = await connect(plan(fixture, reasons));
    expect(await ask(executor, run('echo', 'in'))).toMatchObject({ stdout: 'in\n' });
    expect(reasons).toEqual(['ssh2 and the host did not agree: no matching key exchange algorithm']);
  });

  test('does not fall back after a refused login or a refused host key: that would be a second try', async () => {
    const fixture = await sshd();
    const reasons: string[] = [];
    const wrong = makeKey(fixture.directory, 'wrong');
    const refused = plan(fixture, reasons, { ssh2: fixture.options({ privateKeys: [{ filePath: wrong }] }) });
    await expect(connect(refused)).rejects.toMatchObject({ code: 'E_AUTH' });
    const unknown = { files: [path.join(fixture.directory, 'none')], mode: 'strict' } as const;
    const strange = plan(fixture, reasons, { ssh2: fixture.options({ hostKeys: unknown }) });
    await expect(connect(strange)).rejects.toMatchObject({ code: 'E_HOST_KEY' });
    expect(reasons).toEqual([]);
  });

  test('takes the system ssh for a host that is known by a certificate authority only', async () => {
    const fixture = await sshd();
    const known = path.join(fixture.directory, 'authority');
    writeFileSync(known, `@cert-authority *,[127.0.0.1]:* ${fixture.hostKeys[0] ?? ''}\n`);
    const ssh2 = fixture.options({ hostKeys: { files: [known], mode: 'strict' } });
    expect(await whySystemSsh(plan(fixture, [], { ssh2 }), new LocalSshFacts())).toContain('certificate authority');
  });
});

describe('what ssh2 cannot do', () => {
  const question = (config: Record<string, string> = {}, keyFiles: readonly string[] = []): TransportQuestion => ({
    ssh2: {
      host: 'web01',
      address: 'web01',
      port: 22,
      user: 'joe',
      privateKeys: [],
      hostKeys: { files: [], mode: 'strict' },
      become: { method: 'none' },
      connectTimeoutMs: 1000,
    },
    config: new Map(Object.entries(config).map(([keyword, value]) => [keyword, [value]])),
    certificateFiles: [],
    keyFiles,
  });
  const why = (asked: TransportQuestion) => whySystemSsh(asked, new LocalSshFacts());

  test('the list of its algorithms is that of ssh2', () => {
    const constants = createRequire(import.meta.url)('ssh2/lib/protocol/constants.js') as Record<string, string[]>;
    const sorted = (names: readonly string[] | undefined) => [...(names ?? [])].toSorted();
    expect(sorted(SSH2_ALGORITHMS.kexalgorithms)).toEqual(sorted(constants['DEFAULT_KEX']));
    expect(sorted(SSH2_ALGORITHMS.ciphers)).toEqual(sorted(constants['DEFAULT_CIPHER']));
    expect(sorted(SSH2_ALGORITHMS.macs)).toEqual(sorted(constants['DEFAULT_MAC']));
    expect(constants['DEFAULT_SERVER_HOST_KEY']).toEqual(
      expect.arrayContaining([...SSH2_ALGORITHMS.hostkeyalgorithms]),
    );
  });

  test.each([
    ['kexalgorithms', 'sntrup761x25519-sha512@openssh.com', 'KexAlgorithms'],
    ['hostkeyalgorithms', 'ssh-ed25519-cert-v01@openssh.com', 'HostKeyAlgorithms'],
    ['pkcs11provider', '/usr/lib/opensc-pkcs11.so', 'PKCS11Provider'],
  ])('%s %s', async (keyword, value, said) => {
    expect(await why(question({ [keyword]: value }))).toContain(said);
  });

  test.each([
    ['kexalgorithms', 'sntrup761x25519-sha512@openssh.com,curve25519-sha256'],
    ['kexalgorithms', '^sntrup761x25519-sha512@openssh.com'],
    ['ciphers', 'aes256-gcm@openssh.com'],
    ['pkcs11provider', 'none'],
  ])('but %s %s it can', async (keyword, value) => {
    expect(await why(question({ [keyword]: value }))).toBeNull();
  });

  test('GSSAPI, when there is a ticket: that it is on says nothing, many systems have it on', async () => {
    const tools = temporary();
    const klist = path.join(tools, 'klist');
    vi.stubEnv('PATH', `${tools}:${process.env['PATH'] ?? ''}`);
    writeFileSync(klist, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect(await why(question({ gssapiauthentication: 'yes' }))).toBeNull();
    writeFileSync(klist, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect(await why(question({ gssapiauthentication: 'yes' }))).toContain('Kerberos');
    expect(await why(question({ gssapiauthentication: 'no' }))).toBeNull();
  });

  test('security keys, when there is no other key', async () => {
    const keys = temporary();
    mkdirSync(path.join(keys, 'x'));
    const securityKey = path.join(keys, 'id_ed25519_sk');
    writeFileSync(securityKey, 'key\n');
    writeFileSync(`${securityKey}.pub`, 'sk-ssh-ed25519@openssh.com AAAA operator\n');
    chmodSync(securityKey, 0o600);
    const plain = makeKey(keys, 'id_ed25519');
    expect(await why(question({}, [securityKey, path.join(keys, 'id_rsa')]))).toContain('sk-');
    expect(await why(question({}, [plain, securityKey]))).toBeNull();
    const agent = await startAgent(plain);
    const asked = question({}, [securityKey]);
    expect(await why({ ...asked, ssh2: { ...asked.ssh2, agent } })).toBeNull();
    expect(await why({ ...asked, ssh2: { ...asked.ssh2, agent: path.join(keys, 'no-agent') } })).toContain('sk-');
  });
});
