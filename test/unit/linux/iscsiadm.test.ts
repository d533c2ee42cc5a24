import { expect, test } from 'vitest';
import { parseIfaceName, parseIqn, parsePortal } from '../../../src/linux/identifiers.js';
import {
  deleteNodeArgv,
  ISCSIADM_EXITS,
  iscsiadmOutcome,
  loginArgv,
  logoutArgv,
  logoutSessionArgv,
  newNodeArgv,
  updateNodeArgv,
} from '../../../src/linux/iscsiadm.js';

const node = { targetName: parseIqn('iqn.2010-10.org.lab:array'), portal: parsePortal('2001:DB8::1') };
const NODE = ['iscsiadm', '-m', 'node', '-T', 'iqn.2010-10.org.lab:array', '-p', '[2001:db8::1]:3260'];

test('each call names the one record that it is about', () => {
  expect(newNodeArgv(node)).toEqual([...NODE, '-o', 'new']);
  expect(newNodeArgv({ ...node, iface: parseIfaceName('iser') })).toEqual([...NODE, '-I', 'iser', '-o', 'new']);
  expect(loginArgv(node)).toEqual([...NODE, '--login']);
  expect(logoutArgv(node)).toEqual([...NODE, '--logout']);
  expect(deleteNodeArgv(node)).toEqual([...NODE, '-o', 'delete']);
  expect(logoutSessionArgv(7)).toEqual(['iscsiadm', '-m', 'session', '-r', '7', '--logout']);
});

test('several settings go in one call', () => {
  const settings = [
    ['node.session.scan', 'manual'],
    ['node.startup', 'manual'],
  ] as const;
  expect(updateNodeArgv(node, settings).slice(NODE.length)).toEqual([
    ...['-o', 'update'],
    ...['-n', 'node.session.scan', '-v', 'manual'],
    ...['-n', 'node.startup', '-v', 'manual'],
  ]);
});

test('a password is no setting for a command line', () => {
  // @ts-expect-error: secrets do not go by argv
  updateNodeArgv(node, [['node.session.auth.password', 'x']]);
});

test.each([
  ['login', 0, 'ok'],
  ['login', 15, 'ok'],
  ['delete', 15, 'retry'],
  ['login', 24, 'auth'],
  ['login', 8, 'retry'],
  ['login', 4, 'retry'],
  ['new', 6, 'retry'],
  ['logout', 21, 'absent'],
  ['logout', 2, 'absent'],
  ['login', 13, 'fatal'],
  ['login', 127, 'fatal'],
  ['login', 124, 'unknown'],
  ['logout', 137, 'unknown'],
  ['show', 255, 'unknown'],
  ['login', 99, 'unknown'],
  ['login', null, 'unknown'],
] as const)('%s with exit %s is %s', (verb, exit, kind) => {
  expect(iscsiadmOutcome(verb, exit).class).toBe(kind);
});

test('only rejected credentials are auth: a bad secret is tried once, anything else is not taken for one (S34)', () => {
  expect(ISCSIADM_EXITS.filter((exit) => exit.class === 'auth').map((exit) => exit.code)).toEqual([24]);
  expect(new Set(ISCSIADM_EXITS.map((exit) => exit.code)).size).toBe(ISCSIADM_EXITS.length);
});
