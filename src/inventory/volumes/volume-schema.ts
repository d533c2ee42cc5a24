import { z } from 'zod';
import { parseWwid } from '../../linux/identifiers.js';
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
};

export const volumeOptionsSchema = z.strictObject(volumeOptions);

/** `data` of a protocol that has no schema here yet: any mapping. */
export const anyDataSchema = z.looseObject({});

/** Keys of `data` that hold secrets, whatever the protocol. */
export const SECRET_KEY = /(?:^|_)(?:password|passwd|passphrase|secret_key)(?:_in)?$/;
