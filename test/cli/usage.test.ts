import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { longshore } from './longshore.js';
import { scratchDirectory } from './scratch.js';

/** URLs in a coverage report of Node's own: every module that was loaded is in it. */
function loadedFiles(report: string): string[] {
  const { result } = JSON.parse(report) as { result: { url: string }[] };
  return result.map(({ url }) => url);
}

describe('help', () => {
  it('lists the commands', async () => {
    const { code, stdout, stderr } = await longshore(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['ping', 'attach', 'detach', 'status', 'exec', 'inventory', 'demo']) {
      expect(stdout).toMatch(new RegExp(`^  longshore ${name}\\b`, 'm'));
    }
  });

  it('of a command lists its options', async () => {
    const { code, stdout } = await longshore(['detach', '--help']);
    expect(code).toBe(0);
    for (const option of ['--inventory', '--limit', '--volume', '--plan', '--force', '--json', '--fanout']) {
      expect(stdout).toContain(option);
    }
  });

  it('and version load neither ssh2 nor zod nor a command', async () => {
    for (const flag of ['--help', '--version']) {
      await using scratch = await scratchDirectory();
      const { code } = await longshore([flag], { env: { NODE_V8_COVERAGE: scratch.directoryPath } });
      const loaded = readdirSync(scratch.directoryPath).flatMap((file) =>
        loadedFiles(readFileSync(join(scratch.directoryPath, file), 'utf8')),
      );
      expect(code).toBe(0);
      expect(loaded.filter((url) => url.includes('/node_modules/yargs/'))).not.toEqual([]);
      expect(loaded.filter((url) => /\/node_modules\/(ssh2|zod|pino|yaml)\/|\/cli\/commands\//.test(url))).toEqual([]);
    }
  });

  it('gives the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(await longshore(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

describe('a command line that is wrong', () => {
  it.each([
    [['atach', '-i', 'x.yaml'], 'there is no command "atach"; did you mean "attach"?'],
    [['attach', '--limt', 'web1'], 'attach has no option --limt; did you mean --limit?'],
    [['ping', 'web1', '-i', 'x.yaml'], 'ping takes no argument "web1"'],
    [[], 'Which command?'],
    [['ping'], 'which hosts? give an inventory with -i FILE'],
    [['ping', '-i', 'x.yaml', '--fanout', '0'], '--fanout must be a whole number from 1'],
    [['ping', '-i', 'x.yaml', '--fanout', 'many'], '--fanout must be a whole number from 1'],
    [['ping', '-i', 'x.yaml', '--timeout', '-5'], '--timeout must be a number of seconds'],
    [['ping', '-i', 'x.yaml', '-i', 'y.yaml'], '--inventory was given 2 times'],
    [['exec', '-i', 'x.yaml'], 'which command? exec [options] -- COMMAND...'],
    [['exec', '-i', 'x.yaml', 'uname', '-r'], 'put -- before the command'],
    [['ping', '-i', 'x.yaml', '--', 'uname'], 'ping takes no command behind --'],
    [['inventory', 'show', '-i', 'x.yaml'], 'Choices: "list"'],
    [['attach', '-i', 'x.yaml', '--ignore-errors'], 'attach has no option --ignore-errors'],
    [['detach', '-i', 'x.yaml', '--ignore-errors'], '--ignore-errors goes with --force'],
    [['detach', '-i', 'x.yaml', '--reason', 'gone'], '--reason goes with --force'],
    [['detach', '-i', 'x.yaml', '--force', '--volume', 'data'], '--force gives unwritten data up'],
    [['detach', '-i', 'x.yaml', '--force', '--volume', 'data', '--reason', ' '], '--reason needs a reason'],
    [['detach', '-i', 'x.yaml', '--force', '--reason', 'gone'], '--force is for one volume'],
    [['detach', '-i', 'x.yaml', '--force', '--reason', 'gone', '--volume', 'all'], '--force is for one volume'],
    [
      ['detach', '-i', 'x.yaml', '--force', '--reason', 'gone', '--volume', 'a', '--volume', 'b'],
      'write --volume NAME',
    ],
    [['ping', '-i', 'x.yaml', '--log-level', 'loud'], 'Choices: "silent"'],
  ])('%j is told what is wrong, with exit code 3', async (args, message) => {
    const { code, stdout, stderr } = await longshore(args);
    expect(stderr).toContain(message);
    expect(stderr).toContain('E_USAGE');
    expect(stderr).not.toMatch(/^ {4}at /m);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });
});
