import { setTimeout as sleep } from 'node:timers/promises';
import type { Guest } from './guest.js';
import { runScript } from './target-portal.js';

const PATTERNS = '/run/sampled-secrets';
const STOP = '/run/stop-sampling';

/**
 * Looks into the command lines and environments of all processes of a client over and over, while `work` runs. Gives what it found of the
 * secrets, and how often it looked.
 */
export async function sampled<T>(
  client: Guest,
  secrets: readonly string[],
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly found: string; readonly looks: number }> {
  // by way of a file: the sampler must not show what it looks for
  await client.run(`umask 077; cat >${PATTERNS}; rm -f ${STOP}`, { input: `${secrets.join('\n')}\n` });
  const sampler = client.run(
    `looks=0
     while [ ! -e ${STOP} ] && [ $looks -lt 2000 ]; do
       cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' ' ' | grep -aoF -f ${PATTERNS} | sort -u
       looks=$((looks+1))
     done
     echo "looks $looks"; rm -f ${STOP} ${PATTERNS}`,
    { check: false, timeoutMs: 240_000 },
  );
  try {
    const result = await work();
    await client.run(`touch ${STOP}`);
    const { stdout } = await sampler;
    return {
      result,
      found: stdout.replace(/^looks \d+$/mu, '').trim(),
      looks: Number(/^looks (\d+)$/mu.exec(stdout)?.[1]),
    };
  } catch (error) {
    await client.run(`touch ${STOP}`);
    await Promise.race([sampler, sleep(10_000)]);
    throw error;
  }
}

/** Files of the client in which one of the secrets stands, in the places where open-iscsi and temporary files are. */
export async function filesWith(client: Guest, secrets: readonly string[]): Promise<readonly string[]> {
  const found = await runScript(
    client,
    `umask 077; cat >/run/sought-secrets <<'END'
${secrets.join('\n')}
END
     grep -rlsaF -f /run/sought-secrets --exclude=sought-secrets /etc /var/lib/iscsi /run /tmp /var/tmp /root || true
     rm -f /run/sought-secrets`,
  );
  return found.split('\n').filter(Boolean);
}
