import { z } from 'zod';
import { HOST_FIELDS } from './hosts/host-schema.js';
import { volumeSchema } from './volumes/volume-file-schema.js';

/*
 * The shape of inventory files for editors (JSON schema). Reading uses the same field schemas, but walks the groups itself: places of
 * errors, ranges and merging need more than a shape.
 */

const volumesSchema = z.record(z.string(), volumeSchema).meta({ description: 'Volumes by name' });

const knownVariables = Object.fromEntries(
  Object.values(HOST_FIELDS).flatMap(({ names, schema, description }) =>
    names.map((name): [string, z.ZodType] => [name, z.optional(z.nullable(schema)).meta({ description })]),
  ),
);

/** Variables of a host or group: those that Longshore reads, and any others. */
const variablesSchema = z
  .looseObject({ ...knownVariables, volumes: volumesSchema.nullish(), longshore_volumes: volumesSchema.nullish() })
  .nullable()
  .meta({ id: 'variables', description: 'Variables of a host or a group; unknown ones are left alone' });

const hostsSchema = z
  .union([z.record(z.string(), variablesSchema), z.string(), z.null()])
  .meta({ description: 'Hosts by name, or by range: web[01:50]' });

const groupSchema = z
  .strictObject({
    hosts: hostsSchema.optional(),
    vars: variablesSchema.optional(),
    get children() {
      return z.union([z.record(z.string(), groupOrNothing), z.string(), z.null()]).optional();
    },
  })
  .meta({ id: 'group', description: 'A group: its hosts, the groups in it, and variables of all of them' });

const groupOrNothing: z.ZodType = z.lazy(() => groupSchema.nullable());

export const inventoryFileSchema = z
  .object({ $schema: z.string().optional() })
  .catchall(groupOrNothing)
  .meta({ title: 'Longshore inventory', description: "Groups by name, in Ansible's YAML format" });
