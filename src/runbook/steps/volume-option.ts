import { z } from 'zod';
import { refusing } from '../../inventory/hosts/field-schemas.js';

const VOLUME = refusing(
  'a volume; write the name of one that the inventory declares, a list of names, "all", or connection info as in a volume file',
);

/** Which volumes a step is about. Absent: the host's only one. A mapping is a volume itself; the reader checks it. */
export const volumeOption = z
  .union(
    [z.string(VOLUME).min(1, VOLUME), z.array(z.string(VOLUME).min(1, VOLUME)).min(1, VOLUME), z.looseObject({})],
    VOLUME,
  )
  .optional()
  .meta({ id: 'volumeOption', description: 'Name of a declared volume, a list of names, all, or connection info' });
