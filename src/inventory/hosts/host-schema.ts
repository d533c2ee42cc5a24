import { z } from 'zod';
import { booleanSchema, portSchema, refusing, secretSchema } from './field-schemas.js';
import { fencingSchema } from './fencing-schema.js';
import { hasControl, parseAddress, userProblem } from './host-names.js';
import { splitWords } from './split-words.js';

const ADDRESS = refusing('a host name or IP address; write one, such as web01.example.com, 10.0.0.11 or 2001:db8::11');
const addressSchema = z.string(ADDRESS).transform((text, context): string => {
  const address = parseAddress(text);
  if (address !== null) return address;
  context.addIssue({ code: 'custom', message: ADDRESS.error({ input: text }) });
  return z.NEVER;
});

const USER = refusing('a user name; write a login name');
const userSchema = z.string(USER).superRefine((user, context) => {
  const message = userProblem(user);
  if (message !== null) context.addIssue({ code: 'custom', message });
});

const PATH = refusing('a path; write the path of a private key');
const filePathSchema = z
  .string(PATH)
  .min(1, PATH)
  .max(4096, PATH)
  .refine((filePath) => !hasControl(filePath), PATH);

const WORD = refusing('a name; write one word');
const wordSchema = z
  .string(WORD)
  .max(253, WORD)
  .regex(/^[\w.-]+$/, WORD);

const ARGS = refusing('a line of ssh options; close every quote and write it as one line of text');
const argumentsSchema = z.string(ARGS).transform((line, context): readonly string[] => {
  const words = hasControl(line) ? null : splitWords(line);
  if (words !== null) return words;
  context.addIssue({ code: 'custom', message: ARGS.error({ input: line }) });
  return z.NEVER;
});

/**
 * What Longshore reads of a host's variables, and the names under which Ansible knows each. Where a host has several of these names, the
 * last one wins, as in Ansible's own connection and become plugins.
 */
export const HOST_FIELDS = {
  address: {
    names: ['ansible_host', 'ansible_ssh_host'],
    schema: addressSchema,
    description: 'Host name or IP address to connect to; default: the name of the host',
  },
  port: {
    names: ['ansible_port', 'ansible_ssh_port'],
    schema: portSchema,
    description: 'SSH port; default: ssh_config, else 22',
  },
  user: {
    names: ['ansible_user', 'ansible_ssh_user'],
    schema: userSchema,
    description: 'SSH user; default: ssh_config, else the current user',
  },
  password: {
    names: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
    schema: secretSchema,
    description: 'SSH password',
  },
  privateKeyFile: {
    names: ['ansible_private_key_file', 'ansible_ssh_private_key_file'],
    schema: filePathSchema,
    description: 'Private key file; ~ is expanded',
  },
  privateKeyPassphrase: {
    names: ['longshore_ssh_private_key_passphrase'],
    schema: secretSchema,
    description: 'Passphrase of the private key',
  },
  sshCommonArgs: {
    names: ['ansible_ssh_common_args'],
    schema: argumentsSchema,
    description: 'More ssh options, such as -J JUMPHOST',
  },
  transport: {
    names: ['longshore_transport'],
    schema: z.enum(['auto', 'ssh2', 'openssh'], refusing('a transport; write auto, ssh2 or openssh')),
    description: 'How SSH is spoken: ssh2, openssh (the ssh program), or auto (default): the one that the host needs',
  },
  connection: { names: ['ansible_connection'], schema: wordSchema, description: 'ssh (default) or local' },
  become: { names: ['ansible_become'], schema: booleanSchema, description: 'Whether commands run as another user' },
  becomeMethod: { names: ['ansible_become_method'], schema: wordSchema, description: 'sudo (default), doas or su' },
  becomeUser: {
    names: ['ansible_become_user', 'ansible_sudo_user'],
    schema: userSchema,
    description: 'User to become; default root',
  },
  becomeScope: {
    names: ['longshore_become_scope'],
    schema: z.enum(['lane', 'command'], refusing('a scope; write lane or command')),
    description: 'Whether the whole shell becomes the other user (lane, default) or each command, for allow-lists',
  },
  becomePassword: {
    names: ['ansible_become_password', 'ansible_become_pass', 'ansible_sudo_pass'],
    schema: secretSchema,
    description: 'Password that sudo, doas or su asks for',
  },
  fencing: {
    names: ['longshore_fencing'],
    schema: fencingSchema,
    description: 'How to find out whether the host is fenced, for an evacuation',
  },
} as const;

export type HostField = keyof typeof HOST_FIELDS;
export type FieldValue<F extends HostField> = z.output<(typeof HOST_FIELDS)[F]['schema']>;

/** Variables that hold volumes; the longer name is for inventories whose `volumes` means something else. */
export const VOLUME_VARIABLES = ['longshore_volumes', 'volumes'] as const;

/** Every variable that Longshore uses. */
export const KNOWN_VARIABLES: readonly string[] = [
  ...Object.values(HOST_FIELDS).flatMap(({ names }): readonly string[] => names),
  ...VOLUME_VARIABLES,
  'ansible_group_priority',
];
