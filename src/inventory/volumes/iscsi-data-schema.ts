import { z } from 'zod';
import { LongshoreError } from '../../errors/longshore-error.js';
import { parseIqn, parsePortal } from '../../linux/identifiers.js';
import { integerSchema, refusing, secretSchema } from '../hosts/field-schemas.js';
import { hasControl } from '../hosts/host-names.js';

/** Text that a parser of `linux/` accepts; its message says what to write instead. */
export function parsedBy(parse: (text: string) => string, what: string, canonical = false): z.ZodType<string, string> {
  return z.string(refusing(what)).transform((text, context): string => {
    try {
      const parsed = parse(text);
      return canonical ? parsed : text;
    } catch (error) {
      if (!(error instanceof LongshoreError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}

export const portalSchema: z.ZodType<string, string> = parsedBy(
  parsePortal,
  'a portal; write ADDRESS:PORT, such as 10.0.0.1:3260',
);
const iqn = parsedBy(parseIqn, 'an iSCSI name; write it as text, such as iqn.2010-10.org.example:target1');
const lun = integerSchema('a LUN; write a whole number from 0 on', 0, Number.MAX_SAFE_INTEGER);

const MAX_PATHS = 128;

function pathList<T extends z.ZodType>(item: T): z.ZodArray<T> {
  const fix = { error: () => `must be a list of 1 to ${MAX_PATHS} entries, one for each path` };
  return z.array(item, fix).min(1, fix).max(MAX_PATHS, fix);
}

const authMethod = z
  .string(refusing('an authentication method; write CHAP, or leave it out'))
  .regex(/^CHAP$/i, refusing('an authentication method that Longshore knows; write CHAP, or leave it out'))
  .transform(() => 'CHAP');

const USERNAME = refusing('a user name; write 1 to 255 characters without control characters');
const username = z
  .string(USERNAME)
  .min(1, USERNAME)
  .max(255, USERNAME)
  .refine((text) => !hasControl(text), USERNAME);

/** Cinder's `data` of an iSCSI volume. Keys that are not named here pass through untouched. */
export const iscsiDataSchema = z
  .looseObject({
    target_portal: portalSchema.nullish(),
    target_iqn: iqn.nullish(),
    target_lun: lun.nullish(),
    target_portals: pathList(portalSchema).nullish(),
    target_iqns: pathList(iqn).nullish(),
    target_luns: pathList(lun).nullish(),
    auth_method: authMethod.nullish(),
    auth_username: username.nullish(),
    auth_password: secretSchema.nullish(),
    discovery_auth_method: authMethod.nullish(),
    discovery_auth_username: username.nullish(),
    discovery_auth_password: secretSchema.nullish(),
    mutual_auth_username: username.nullish(),
    mutual_auth_password: secretSchema.nullish(),
    discovery_mutual_auth_username: username.nullish(),
    discovery_mutual_auth_password: secretSchema.nullish(),
  })
  .superRefine((data, context) => {
    for (const { path, message } of [...pathProblems(data), ...credentialProblems(data)]) {
      context.addIssue({ code: 'custom', path: [path], message });
    }
  });

type Data = Readonly<Record<string, unknown>>;
interface FieldProblem {
  readonly path: string;
  readonly message: string;
}

const LISTS = ['target_portals', 'target_iqns', 'target_luns'] as const;
const FORMS =
  'iSCSI needs target_portal, target_iqn and target_lun, or the lists target_portals, target_iqns and target_luns';

function pathProblems(data: Data): FieldProblem[] {
  const has = (key: string): boolean => data[key] !== undefined && data[key] !== null;
  const plural = has('target_portals') || has('target_iqns');
  const needed = plural ? ['target_portals', 'target_iqns'] : ['target_portal', 'target_iqn', 'target_lun'];
  const missing = needed.filter((key) => !has(key));
  // os-brick takes the single LUN for every path when there is no list of them.
  if (plural && !has('target_luns') && !has('target_lun')) missing.push('target_luns');
  if (missing.length > 0) return [{ path: missing[0] ?? '', message: `${FORMS}; missing here: ${missing.join(', ')}` }];

  const lengths = LISTS.flatMap((key) => (Array.isArray(data[key]) ? [{ key, length: data[key].length }] : []));
  const longest = Math.max(...lengths.map(({ length }) => length));
  const short = lengths.find(({ length }) => length < longest);
  if (!plural || short === undefined) return [];
  const counts = lengths.map(({ key, length }) => `${key} has ${length}`).join(', ');
  const fix = 'the lists need the same length, as entries beyond the shortest would silently be left out';
  return [{ path: short.key, message: `${counts}: ${fix}` }];
}

function credentialProblems(data: Data): FieldProblem[] {
  const problems: FieldProblem[] = [];
  const has = (key: string): boolean => data[key] !== undefined && data[key] !== null;
  for (const prefix of ['', 'discovery_', 'mutual_', 'discovery_mutual_']) {
    const [method, user, password] = [`${prefix}auth_method`, `${prefix}auth_username`, `${prefix}auth_password`];
    const oneWay = !prefix.includes('mutual_');
    if (has(user) !== has(password)) {
      const [given, other] = has(user) ? [user, password] : [password, user];
      problems.push({ path: given, message: `${given} is given without ${other}; give both or neither` });
    } else if (oneWay && has(user) && !has(method)) {
      problems.push({ path: user, message: `${user} has no effect without ${method}; add "${method}: CHAP"` });
    } else if (oneWay && !has(user) && data[method] === 'CHAP') {
      problems.push({ path: method, message: `${method} CHAP needs ${user} and ${password}; add both` });
    }
  }
  return problems;
}
