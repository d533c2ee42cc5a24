import { z } from 'zod';
import { iscsiDataSchema } from './iscsi-data-schema.js';
import { anyDataSchema, driverSchema, volumeOptions } from './volume-schema.js';

/*
 * The shape of volumes for editors (JSON schema). Reading uses the same field schemas, but takes the forms apart by hand
 * (build-volume.ts): a union of forms could only say that none of them fits.
 */

const ISCSI = z.enum(['iscsi', 'iser']).optional();
const OTHER = z.string().regex(/^(?!iscsi$|iser$)[A-Za-z][A-Za-z0-9_]{0,63}$/);

const iscsiData = iscsiDataSchema.meta({ id: 'iscsiData', description: "Cinder's data of an iSCSI volume" });
const { target_portal, target_portals } = iscsiDataSchema.shape;

const forms = {
  iscsi: { driver_volume_type: ISCSI, data: iscsiData },
  other: { driver_volume_type: OTHER, data: anyDataSchema },
};
/** `data` without an envelope */
const flat = z.union([
  z.looseObject({
    ...iscsiDataSchema.shape,
    driver_volume_type: driverSchema.optional(),
    target_portal: target_portal.unwrap(),
  }),
  z.looseObject({
    ...iscsiDataSchema.shape,
    driver_volume_type: driverSchema.optional(),
    target_portals: target_portals.unwrap(),
  }),
]);
const connectionInfo = z
  .union([z.looseObject(forms.iscsi), z.looseObject(forms.other), flat])
  .meta({ id: 'connectionInfo', description: 'Connection info as Cinder hands it over' });

const own = { $schema: z.string().optional(), ...volumeOptions };

export const volumeSchema = z
  .union([
    z.strictObject({ ...forms.iscsi, ...own }),
    z.strictObject({ ...forms.other, ...own }),
    z.strictObject({ connection_info: connectionInfo, ...own }),
    flat,
  ])
  .meta({ id: 'volume', description: 'A volume: {driver_volume_type, data} as Cinder hands it over, and options' });

const many = z.union([z.array(volumeSchema), z.record(z.string(), volumeSchema)]);

export const volumeFileSchema = z
  .union([
    volumeSchema,
    z.array(volumeSchema),
    z.strictObject({ $schema: z.string().optional(), volumes: many }),
    z.object({ $schema: z.string().optional() }).catchall(volumeSchema),
  ])
  .meta({
    title: 'Longshore volume file',
    description: 'One volume, a list of volumes, or a mapping from name to volume',
  });
