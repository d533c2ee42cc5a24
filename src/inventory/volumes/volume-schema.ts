import { z } from 'zod';
import { parseWwid } from '../../linux/identifiers.js';
import { booleanSchema, integerSchema, refusing, secretSchema } from '../hosts/field-schemas.js';
import { hasControl } from '../hosts/host-names.js';
import { iscsiDataSchema, parsedBy } from './iscsi-data-schema.js';

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

/** A volume with its connection info, for editors; `build-volume.ts` takes the same forms apart by hand, to name the place of each error. */
const cinderSchema = z
  .looseObject({ driver_volume_type: driverSchema.optional(), data: z.union([iscsiDataSchema, anyDataSchema]) })
  .meta({ description: 'Connection info as Cinder hands it over' });

export const volumeSchema = z
  .union([
    z.strictObject({
      driver_volume_type: driverSchema.optional(),
      data: z.union([iscsiDataSchema, anyDataSchema]),
      ...volumeOptions,
    }),
    z.strictObject({ connection_info: z.union([cinderSchema, iscsiDataSchema]), ...volumeOptions }),
    z.looseObject({ ...iscsiDataSchema.shape, driver_volume_type: driverSchema.optional(), ...volumeOptions }),
  ])
  .meta({ id: 'volume', description: 'A volume: {driver_volume_type, data} as Cinder hands it over, and options' });

export const volumeFileSchema = z.union([
  volumeSchema,
  z.array(volumeSchema),
  z.record(z.string(), volumeSchema),
  z.strictObject({ volumes: z.union([z.array(volumeSchema), z.record(z.string(), volumeSchema)]) }),
]);

/** Keys of `data` that hold secrets, whatever the protocol. */
export const SECRET_KEY = /(?:^|_)(?:password|passwd|passphrase|secret_key)(?:_in)?$/;

export { iscsiDataSchema, secretSchema };
