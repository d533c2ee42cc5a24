/** Simulated hosts as a process of their own: `tsx simulated-fleet.ts COUNT DIRECTORY`. Prints the hosts when they are there; ends with its stdin. */
import { startSimulatedFleet } from '../src/simulator/fleet.js';

const [count = '0', directory = ''] = process.argv.slice(2);
const fleet = await startSimulatedFleet({ hosts: Number(count) });
const files = await fleet.writeFiles(directory);
const hosts = fleet.servers.map(({ host, address, port }) => ({ name: host.name, address, port }));
process.stdout.write(`${JSON.stringify({ ...files, user: fleet.user, hosts })}\n`);
process.stdin.on('end', () => process.kill(process.pid)).resume();
