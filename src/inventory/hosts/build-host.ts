import type { z } from 'zod';
import type { VolumeSpec } from '../../connectors/connector.js';
import type { Secret } from '../../secrets/secret.js';
import type { RawHost, Variable, Variables } from '../groups/group-graph.js';
import type { Become, InventoryHost } from '../inventory.js';
import { didYouMean } from '../near-misses.js';
import { check } from '../source/check.js';
import { findUnresolved, valuePosition } from '../source/located.js';
import { type ProblemList, quoted } from '../source/problems.js';
import { readVolumeMap } from '../volumes/read-volume-file.js';
import { parseAddress } from './host-names.js';
import { type FieldValue, HOST_FIELDS, type HostField, KNOWN_VARIABLES, VOLUME_VARIABLES } from './host-schema.js';
import { expandHome, resolveSecret, type SecretContext } from './secrets.js';
import { unresolvedMessage } from './unresolved.js';

const BECOME_METHODS = ['sudo', 'doas', 'su'] as const;
const SSH_PLUGINS = ['ssh', 'smart', 'paramiko', 'paramiko_ssh'];
const NO_VOLUMES: ReadonlyMap<string, VolumeSpec> = new Map();

/**
 * Makes hosts of their merged variables. Values are checked once for each place where they are written, not once for each host: a
 * group of thousands shares its secrets and volumes.
 */
export class HostBuilder {
  readonly #context: SecretContext;
  readonly #problems: ProblemList;
  readonly #checked = new Map<Variable, unknown>();
  /** names of `ansible_` variables that nothing reads */
  readonly ignored = new Set<string>();

  constructor(context: SecretContext, problems: ProblemList) {
    this.#context = context;
    this.#problems = problems;
  }

  build(raw: RawHost, variables: Variables, groups: readonly string[]): InventoryHost {
    const unsupported = this.#unsupported(variables);
    const base = {
      name: raw.name,
      groups: groups.filter((name) => name !== 'all').toSorted(),
      origin: raw.origin,
    };
    // Its other variables are about something else than ssh: a Windows account, the password of a switch.
    if (unsupported !== null) {
      const become = { method: 'none', user: 'root' } as const;
      return {
        ...base,
        address: raw.name,
        become,
        connection: 'ssh',
        sshCommonArgs: [],
        volumes: NO_VOLUMES,
        unsupported,
      };
    }
    this.#lookAtNames(variables);
    const connection = connectionOf(this.#field('connection', variables));
    const transport = this.#field('transport', variables);
    const port = this.#field('port', variables);
    const user = this.#field('user', variables);
    const password = this.#secret('password', variables);
    const keyFile = this.#field('privateKeyFile', variables);
    const passphrase = this.#secret('privateKeyPassphrase', variables);
    const fencing = this.#field('fencing', variables);
    return {
      ...base,
      address: this.#address(raw, variables, connection),
      ...(port === undefined ? {} : { port }),
      ...(user === undefined ? {} : { user }),
      ...(password === undefined ? {} : { password }),
      ...(keyFile === undefined ? {} : { privateKeyFile: expandHome(keyFile, this.#context.env) }),
      ...(passphrase === undefined ? {} : { privateKeyPassphrase: passphrase }),
      become: this.#become(variables),
      connection,
      ...(transport === undefined ? {} : { transport }),
      sshCommonArgs: this.#field('sshCommonArgs', variables) ?? [],
      volumes: this.#volumes(variables),
      ...(fencing === undefined ? {} : { fencing }),
    };
  }

  /** Hosts that are not reached by ssh, or raise their rights in a way that only network devices and Windows have. */
  #unsupported(variables: Variables): string | null {
    const connection = this.#field('connection', variables) ?? 'ssh';
    if (connectionOf(connection) === 'ssh' && !SSH_PLUGINS.includes(pluginName(connection))) {
      return `ansible_connection is ${quoted(connection)}, and Longshore knows ssh and local`;
    }
    const method = this.#field('becomeMethod', variables) ?? 'sudo';
    if (BECOME_METHODS.some((known) => known === pluginName(method))) return null;
    if (this.#field('become', variables) !== true) return null;
    return `ansible_become_method is ${quoted(method)}, and Longshore knows sudo, doas and su`;
  }

  #address(raw: RawHost, variables: Variables, connection: 'ssh' | 'local'): string {
    const given = this.#field('address', variables);
    if (given !== undefined) return given;
    const address = parseAddress(raw.name);
    if (address === null && connection === 'ssh' && variableOf('address', variables) === undefined) {
      const message = `host name ${quoted(raw.name)} is not an address that ssh can connect to; add ansible_host`;
      this.#problems.add(raw.origin, raw.path, message);
    }
    return address ?? raw.name;
  }

  #become(variables: Variables): Become {
    const on = this.#field('become', variables) === true;
    const method = pluginName(this.#field('becomeMethod', variables) ?? 'sudo');
    const known = BECOME_METHODS.find((candidate) => candidate === method) ?? 'sudo';
    const password = this.#secret('becomePassword', variables);
    const scope = this.#field('becomeScope', variables);
    return {
      method: on ? known : 'none',
      user: this.#field('becomeUser', variables) ?? 'root',
      ...(password === undefined ? {} : { password }),
      ...(scope === undefined ? {} : { scope }),
    };
  }

  #volumes(variables: Variables): ReadonlyMap<string, VolumeSpec> {
    const variable = VOLUME_VARIABLES.map((name) => variables.get(name)).find((found) => found !== undefined);
    if (variable === undefined) return NO_VOLUMES;
    return this.#once(variable, () => {
      const { node, path, position } = variable;
      if (node.kind === 'map') return readVolumeMap(node, path, this.#context, this.#problems);
      if (node.kind === 'scalar' && node.value === null) return NO_VOLUMES;
      const other = 'call them longshore_volumes if "volumes" belongs to something else';
      this.#problems.add(position, path, `must be a mapping from volume name to connection info; ${other}`);
      return NO_VOLUMES;
    });
  }

  #secret(field: 'password' | 'privateKeyPassphrase' | 'becomePassword', variables: Variables): Secret | undefined {
    const variable = variableOf(field, variables);
    if (variable === undefined) return undefined;
    return this.#once(variable, () => {
      const value = this.#check(field, variable);
      if (value === undefined) return undefined;
      return resolveSecret(value, variable.position, variable.path, this.#context, this.#problems);
    });
  }

  #field<F extends HostField>(field: F, variables: Variables): FieldValue<F> | undefined {
    const variable = variableOf(field, variables);
    return variable === undefined ? undefined : this.#once(variable, () => this.#check(field, variable));
  }

  #check<F extends HostField>(field: F, variable: Variable): FieldValue<F> | undefined {
    const unresolved = findUnresolved(variable.node);
    if (unresolved === null) {
      const schema: z.ZodType = HOST_FIELDS[field].schema;
      // The table gives a field its schema, which TypeScript does not follow through a type parameter.
      return check(schema, variable.node, variable.path, this.#problems) as FieldValue<F> | undefined;
    }
    const { scalar, path } = unresolved;
    this.#problems.add(scalar.position, [...variable.path, ...path], unresolvedMessage(scalar));
    return undefined;
  }

  #once<T>(variable: Variable, work: () => T): T {
    if (this.#checked.has(variable)) return this.#checked.get(variable) as T;
    const value = work();
    this.#checked.set(variable, value);
    return value;
  }

  /** `ansible_` variables that are not for us are normal; a `longshore_` one that nobody knows is a slip. */
  #lookAtNames(variables: Variables): void {
    for (const [name, { node, path, position }] of variables) {
      if (KNOWN_VARIABLES.includes(name)) continue;
      if (name.startsWith('ansible_')) this.ignored.add(name);
      else if (name.startsWith('longshore_')) {
        const known = KNOWN_VARIABLES.filter((candidate) => candidate.startsWith('longshore_'));
        const help = didYouMean(name, known) || `; there are ${known.join(' and ')}`;
        this.#problems.add(
          node.kind === 'scalar' ? position : valuePosition({ key: position, value: node }),
          path,
          `${quoted(name)} is not known${help}`,
        );
      }
    }
  }
}

/** The variable that counts for a field: the last of its names that has a value. */
function variableOf(field: HostField, variables: Variables): Variable | undefined {
  const { names }: { readonly names: readonly string[] } = HOST_FIELDS[field];
  for (const name of names.toReversed()) {
    const variable = variables.get(name);
    if (
      variable !== undefined &&
      !(variable.node.kind === 'scalar' && variable.node.value === null && variable.node.tag === undefined)
    ) {
      return variable;
    }
  }
  return undefined;
}

function connectionOf(name: string | undefined): 'ssh' | 'local' {
  return name !== undefined && pluginName(name) === 'local' ? 'local' : 'ssh';
}

/** `ansible.builtin.ssh` is `ssh`, `community.general.doas` is `doas`. */
function pluginName(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
