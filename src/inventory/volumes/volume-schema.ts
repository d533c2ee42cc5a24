import { z } from 'zod';
import { parseIfaceName, parseWwid } from '../../linux/identifiers.js';
import { booleanSchema, integerSchema, refusing } from '../hosts/field-schemas.js';
import { hasControl } from '../hosts/host-names.js';
import { parsedBy } from './iscsi-data-schema.js';

const DRIVER = refusing('a driver_volume_type; write the one that Cinder gives, such as iscsi');
const NAME = refusing(
  'a volume name; write 1 to 255 characters without spaces, "/", "," and control characters, not beginning with "-"',
);

export const driverSchema = z
  .string(DRIVER)
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, DRIVER)
  .transform((name) => name.toLowerCase());

export const volumeNameSchema = z
  .string(NAME)
  .regex(/^[^\s/,-][^\s/,]{0,254}$/, NAME)
  .refine((name) => !hasControl(name), NAME);

/** What may stand next to the connection info: Longshore's own options. */
export const volumeOptions = {
  name: volumeNameSchema.nullish().meta({ description: 'Name of the volume; only in files' }),
  wwid: parsedBy(parseWwid, 'a WWID; write it as text', true)
    .nullish()
    .meta({ description: 'Expected identity; every path is checked against it' }),
  size_bytes: integerSchema('a size; write bytes as a whole number', 1, Number.MAX_SAFE_INTEGER)
    .nullish()
    .meta({ description: 'Expected size in bytes' }),
  multipath: booleanSchema.nullish().meta({ description: 'By default more than one portal means multipath' }),
  enforce_multipath: booleanSchema.nullish().meta({ description: 'Fail when multipathd is not usable' }),
  min_paths: integerSchema('a number of paths; write a whole number from 1 on', 1, 128)
    .nullish()
    .meta({ description: 'Live paths below which an attach fails and is undone; default 1' }),
  want_paths: integerSchema('a number of paths; write a whole number from 1 on', 1, 128)
    .nullish()
    .meta({ description: 'Paths to bring up; by default one for each portal' }),
  soft_deadline_s: integerSchema('a time; write seconds as a whole number', 1, 3600)
    .nullish()
    .meta({ description: 'Seconds after which an attach ends degraded instead of waiting for more paths' }),
  access_mode: z
    .enum(['ro', 'rw'], refusing('an access mode; write ro or rw'))
    .nullish()
    .meta({ description: 'ro: set read-only on the host; rw: wait until the device can be written' }),
  shared: booleanSchema.nullish().meta({
    description: 'It may be attached on several hosts at once, because a cluster guards it; default false',
  }),
  iface: parsedBy(parseIfaceName, 'an interface name; write it as text, such as iser')
    .nullish()
    .meta({ description: 'open-iscsi interface to log in by; it has to exist on the host' }),
};

export const volumeOptionsSchema = z.strictObject(volumeOptions);

/** `data` of a protocol that has no schema here yet: any mapping. */
export const anyDataSchema = z.looseObject({});

/** Keys of `data` that hold secrets, whatever the protocol. */
export const SECRET_KEY = /(?:^|_)(?:password|passwd|passphrase|secret_key)(?:_in)?$/;
