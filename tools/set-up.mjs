// Makes a clone ready: node_modules as package-lock.json says, dist/ as src/ says, and for the tests the Debian packages they need.
// Plain JavaScript with Node's own modules: it runs before anything is installed.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from './run-command.mjs';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Programs that the tests start, and the Debian package of each. The lab's build installs its own. */
const TEST_PROGRAMS = [
  { program: 'sshd', package: 'openssh-server' },
  { program: 'ssh', package: 'openssh-client' },
  { program: 'ssh-agent', package: 'openssh-client' },
  { program: 'sudo', package: 'sudo' },
  { program: 'fish', package: 'fish' },
  { program: 'tcsh', package: 'tcsh' },
  { program: 'busybox', package: 'busybox' },
  { program: 'flock', package: 'util-linux' },
  { program: 'chromium', package: 'chromium' },
];

/** Programs of the lab which its build installs when it runs as root; see `test/lab/build-host.sh`. */
const LAB_PROGRAMS = [
  { program: 'qemu-system-x86_64', package: 'qemu-system-x86' },
  { program: 'mmdebstrap', package: 'mmdebstrap' },
];

/** Says why not, and gives false, when this Node is too old. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return true;
  console.error(`Node ${process.versions.node} is too old: Longshore needs 20.19 or newer`);
  return false;
}

/** `npm ci`, when what is installed is not what package-lock.json says. */
export async function installModules() {
  if (modulesAreCurrent()) return true;
  return step('npm ci', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    limitMs: 300_000,
  });
}

function modulesAreCurrent() {
  const installedFile = path.join(ROOT, 'node_modules/.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = packagesOf(path.join(ROOT, 'package-lock.json'));
  const installed = packagesOf(installedFile);
  const isHere = ([name, entry]) =>
    installed[name] === undefined
      ? entry.optional === true || entry.peer === true
      : installed[name].version === entry.version;
  return Object.entries(wanted).every(isHere);
}

function packagesOf(lockFile) {
  const packages = { ...JSON.parse(readFileSync(lockFile, 'utf8')).packages };
  delete packages[''];
  return packages;
}

/** `npm run build`, when a source is newer than what was built. */
export async function build({ always = false } = {}) {
  if (!always && isBuilt()) return true;
  return step('build', 'npm', ['run', '--silent', 'build'], { limitMs: 330_000 });
}

function isBuilt() {
  const main = path.join(ROOT, 'dist/cli/main.js');
  if (!existsSync(main)) return false;
  const built = statSync(main).mtimeMs;
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true }).map((name) => path.join(ROOT, 'src', name));
  return [...sources, path.join(ROOT, 'tsconfig.json')].every((file) => statSync(file).mtimeMs <= built);
}

/** Installs what the tests need, as root on Debian; gives the missing packages that could not be installed. */
export async function installTestPrograms() {
  const missing = missingPackages(TEST_PROGRAMS);
  if (!canInstall()) return missing;
  // sshd wants it, and only a start of the service makes it
  mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  if (missing.length === 0) return [];
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const apt = ['-qq', '-o', 'DPkg::Lock::Timeout=120'];
  const install = [...apt, 'install', '-y', '--no-install-recommends', ...missing];
  await step('apt-get update', 'apt-get', [...apt, 'update'], { limitMs: 300_000, env });
  await step(`apt-get install ${missing.join(' ')}`, 'apt-get', install, { limitMs: 300_000, env });
  return missingPackages(TEST_PROGRAMS);
}

/** Packages without which the lab cannot be built here, and which cannot be installed by its build either. */
export function missingForLab() {
  return canInstall() ? [] : missingPackages(LAB_PROGRAMS);
}

function canInstall() {
  return process.getuid?.() === 0 && isProgram('apt-get');
}

function missingPackages(programs) {
  return [...new Set(programs.filter(({ program }) => !isProgram(program)).map((entry) => entry.package))];
}

function isProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'];
  return folders.some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
