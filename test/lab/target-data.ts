import type { Guest } from './guest.js';
import { runScript } from './target-portal.js';
import type { Volume } from './target.js';

const SECTOR = 512;

/** Reads a volume on the array itself, below the place where faults are made: proof of what has reached it. */
export async function readBack(target: Guest, volume: Volume, offset: number, length: number): Promise<Buffer> {
  const first = Math.floor(offset / SECTOR);
  const count = Math.ceil((offset + length) / SECTOR) - first;
  const stdout = await runScript(
    target,
    `${backingDevice(volume)}
     blockdev --flushbufs "$loop"
     dd if="$loop" bs=${SECTOR} skip=${first} count=${count} iflag=direct status=none | base64 -w 0`,
  );
  const start = offset - first * SECTOR;
  return Buffer.from(stdout, 'base64').subarray(start, start + length);
}

/** Writes whole sectors on the array itself, as a replication or a restore would. */
export async function writeAt(target: Guest, volume: Volume, offset: number, data: Buffer): Promise<void> {
  if (offset % SECTOR !== 0 || data.length % SECTOR !== 0) throw new RangeError('whole sectors only');
  const destination = `of="$loop" bs=${SECTOR} seek=${offset / SECTOR} oflag=direct conv=notrunc,fsync status=none`;
  await runScript(
    target,
    `${backingDevice(volume)}
     base64 -d <<'END' | dd iflag=fullblock ${destination}
${data.toString('base64').replaceAll(/.{76}/gu, '$&\n')}
END`,
  );
}

/** The SHA-256 of a whole volume: says whether anything at all was written to it. */
export async function fingerprint(target: Guest, volume: Volume): Promise<string> {
  const stdout = await runScript(target, `${backingDevice(volume)}\nsha256sum <"$loop"`, 180_000);
  return stdout.slice(0, 64);
}

function backingDevice(volume: Volume): string {
  return `loop=$(losetup -n -O NAME -j /srv/lab/${volume.name}.img); test -b "$loop"`;
}
