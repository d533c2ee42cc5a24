import type { PositionalOptions } from 'yargs';
import type { Command } from './command.js';
import { OPTIONS } from './options.js';

export interface CommandEntry {
  /** as yargs wants it */
  readonly usage: string;
  /** the words of `usage` that stand behind the command's name */
  readonly positionals?: Readonly<Record<string, PositionalOptions>>;
  readonly describe: string;
  readonly options: (typeof OPTIONS)[keyof typeof OPTIONS];
  readonly examples: readonly (readonly [commandLine: string, what: string])[];
  /** loaded when the command is run, so that `--help` and `--version` need neither ssh2 nor zod */
  readonly load: () => Promise<Command>;
}

const RUN = { run: { type: 'string', describe: 'id of a run, or last' } } as const;
const PLAYBOOK = { playbook: { type: 'string', describe: 'playbook file (YAML)' } } as const;

export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  ping: {
    usage: 'ping',
    describe: 'Reach every host and time a round trip',
    options: OPTIONS.ping,
    examples: [['$0 ping -i fleet.yaml', 'which hosts answer, and how fast']],
    load: async () => (await import('./commands/ping.js')).ping,
  },
  attach: {
    usage: 'attach',
    describe: 'Attach a volume on every host',
    options: OPTIONS.attach,
    examples: [
      ['$0 attach -i fleet.yaml --volume data', 'a volume that the inventory declares'],
      ['$0 attach -i fleet.yaml --volume vol.json --plan', 'what would be done for a volume in a file'],
    ],
    load: async () => (await import('./commands/volume-verbs.js')).attach,
  },
  detach: {
    usage: 'detach',
    describe: 'Detach a volume from every host, safely and without leftovers',
    options: OPTIONS.detach,
    examples: [['$0 detach -i fleet.yaml --limit "web*" --volume data', 'only on some hosts']],
    load: async () => (await import('./commands/volume-verbs.js')).detach,
  },
  extend: {
    usage: 'extend',
    describe: 'Make every host see the new size of a volume that has grown',
    options: OPTIONS.extend,
    examples: [['$0 extend -i fleet.yaml --volume data', 'all paths must be up; the filesystem is not touched']],
    load: async () => (await import('./commands/volume-verbs.js')).extend,
  },
  migrate: {
    usage: 'migrate',
    describe: 'Move volumes from one host to another, both reachable; never two with one at the same time',
    options: OPTIONS.migrate,
    examples: [
      ['$0 migrate -i fleet.yaml --volume data --from db01 --to db02 --plan', 'both sides, and the gates between them'],
      ['$0 migrate -i fleet.yaml --volume data --from db01 --to db02', 'the same again goes on after a crash'],
    ],
    load: async () => (await import('./commands/migrate.js')).migrate,
  },
  evacuate: {
    usage: 'evacuate',
    describe: 'Give the volumes of a dead host to others; needs evidence that it is fenced',
    options: OPTIONS.evacuate,
    examples: [
      ['$0 evacuate -i fleet.yaml --from db01 --to db02,db03', 'by the check that the inventory gives for db01'],
      ['$0 evacuate -i fleet.yaml --from db01 --to db02 --evidence db01.json --plan', 'what would go where'],
    ],
    load: async () => (await import('./commands/evacuate.js')).evacuate,
  },
  clean: {
    usage: 'clean',
    describe: 'Prove that hosts which were evacuated have nothing left of it, so that they may be used again',
    options: OPTIONS.clean,
    examples: [['$0 clean -i fleet.yaml --limit db01', 'after its reboot, with its array access still closed']],
    load: async () => (await import('./commands/clean.js')).clean,
  },
  facts: {
    usage: 'facts',
    describe: "Show what Cinder asks of a host: os-brick's connector properties",
    options: OPTIONS.facts,
    examples: [['$0 facts -i fleet.yaml --json', 'under the key "facts" of each host']],
    load: async () => (await import('./commands/facts.js')).facts,
  },
  status: {
    usage: 'status',
    describe: 'Show which volumes are attached where, and their paths',
    options: OPTIONS.status,
    examples: [['$0 status -i fleet.yaml --json', 'for a script']],
    load: async () => (await import('./commands/volume-verbs.js')).status,
  },
  doctor: {
    usage: 'doctor',
    describe: 'Report what is amiss with iSCSI, multipath and the hosts themselves; changes nothing',
    options: OPTIONS.doctor,
    examples: [
      ['$0 doctor -i fleet.yaml', 'settings, health, and hosts that share a name'],
      ['$0 doctor -i fleet.yaml --json', 'for a script; the rules are in docs/doctor.md'],
    ],
    load: async () => (await import('./commands/doctor.js')).doctor,
  },
  audit: {
    usage: 'audit',
    describe:
      'Report what hosts have of storage that nobody owns any more, and conflicts across hosts; changes nothing',
    options: OPTIONS.audit,
    examples: [['$0 audit -i fleet.yaml', 'orphans with their evidence; also the first look of a sweep']],
    load: async () => (await import('./commands/audit.js')).audit,
  },
  sweep: {
    usage: 'sweep',
    describe: 'Remove what nobody owns any more, after two looks and an approval',
    options: OPTIONS.sweep,
    examples: [
      ['$0 sweep -i fleet.yaml', 'what would be removed, and the hash of it'],
      ['$0 sweep -i fleet.yaml --approve 0123456789abcdef', 'remove exactly that'],
    ],
    load: async () => (await import('./commands/sweep.js')).sweep,
  },
  exec: {
    usage: 'exec',
    describe: 'Run a command on every host: exec [options] -- COMMAND...',
    options: OPTIONS.exec,
    examples: [
      ['$0 exec -i fleet.yaml -- uname -r', 'hosts with the same output are shown once'],
      ["$0 exec -i fleet.yaml -- sh -c 'df -h | tail -n 3'", 'a shell line'],
    ],
    load: async () => (await import('./commands/exec.js')).exec,
  },
  plan: {
    usage: 'plan <playbook>',
    positionals: PLAYBOOK,
    describe: 'Show what a playbook would do on every host, and why; changes nothing',
    options: OPTIONS.plan,
    examples: [['$0 plan detach.yaml -i fleet.yaml -e volume=data', 'prints a hash that run --approve takes']],
    load: async () => (await import('./commands/plan.js')).plan,
  },
  run: {
    usage: 'run <playbook>',
    positionals: PLAYBOOK,
    describe: 'Run a playbook: an approved plan, or after a question on the terminal',
    options: OPTIONS.run,
    examples: [
      ['$0 run detach.yaml -i fleet.yaml --approve HASH', 'hosts that are not as they were planned are left alone'],
      ['$0 run detach.yaml -i fleet.yaml --yes', 'for automation'],
    ],
    load: async () => (await import('./commands/run.js')).run,
  },
  runs: {
    usage: 'runs [run]',
    positionals: RUN,
    describe: 'Show what runs have done, from their journals: runs [RUN]',
    options: OPTIONS.runs,
    examples: [
      ['$0 runs', 'the latest runs, and which of them died'],
      ['$0 runs 20261125-071430-5f0c9a1e', 'one run: what was being done when it died'],
      ['$0 runs --attached', 'which volume is attached where, since when'],
    ],
    load: async () => (await import('./commands/runs.js')).runs,
  },
  resume: {
    usage: 'resume <run>',
    positionals: RUN,
    describe: 'Finish or undo what a dead or interrupted run has left: resume RUN [--undo]',
    options: OPTIONS.resume,
    examples: [
      ['$0 resume 20261125-071430-5f0c9a1e --plan', 'what would be done'],
      ['$0 resume 20261125-071430-5f0c9a1e --undo', 'back to what was there before that run'],
    ],
    load: async () => (await import('./commands/resume.js')).resume,
  },
  inventory: {
    usage: 'inventory <what>',
    positionals: { what: { choices: ['list'], describe: 'list' } },
    describe: 'inventory list: show hosts, groups and volumes',
    options: OPTIONS.inventory,
    examples: [['$0 inventory list -i fleet.yaml --limit "web*"', 'what a pattern selects']],
    load: async () => (await import('./commands/inventory-list.js')).inventoryList,
  },
  report: {
    usage: 'report <run>',
    positionals: RUN,
    describe: 'Make an HTML page, or JUnit XML, of what a run did, from its journal',
    options: OPTIONS.report,
    examples: [
      ['$0 report last --html run.html', 'one file, to look at and to keep'],
      ['$0 report 20261125-031500-1a2b3c4d --junit run.xml', 'for a pipeline'],
    ],
    load: async () => (await import('./commands/report.js')).report,
  },
  sudoers: {
    usage: 'sudoers',
    describe: 'Print the sudo rules for hosts that allow certain commands only',
    options: OPTIONS.sudoers,
    examples: [['$0 sudoers -u storage', 'for /etc/sudoers.d on the hosts']],
    load: async () => (await import('./commands/sudoers.js')).sudoers,
  },
  demo: {
    usage: 'demo',
    describe: 'Attach, show and detach a multipath volume on simulated hosts',
    options: OPTIONS.demo,
    examples: [
      ['$0 demo --hosts 50', 'nothing to prepare, nothing left behind'],
      ['$0 demo --serve /tmp/fleet', 'simulated hosts for other commands'],
    ],
    load: async () => (await import('./commands/demo.js')).demo,
  },
};
