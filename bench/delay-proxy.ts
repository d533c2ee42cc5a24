/**
 * A TCP proxy that delays: `tsx delay-proxy.ts TARGET-PORT RTT-MS`, on all of 127.0.0.0/8, towards the same address. Each direction takes half of the round-trip
 * time. TCP's own handshake is not delayed. Prints its port; a line on stdin asks for the number of round trips since the last one.
 */
import net from 'node:net';
import { createInterface } from 'node:readline';

const [targetPort = 0, rttMs = 0] = process.argv.slice(2).map(Number);

/** Times that a client spoke after it had heard something: what the network's latency is paid for. */
let roundTrips = 0;

/** Passes on what comes, in order, `rttMs / 2` later. */
function delayed(from: net.Socket, to: net.Socket, onData: () => void): void {
  from.on('data', (chunk: Buffer) => {
    onData();
    setTimeout(() => to.write(chunk), rttMs / 2);
  });
  from.on('end', () => setTimeout(() => to.end(), rttMs / 2));
  from.on('close', () => setTimeout(() => to.destroy(), rttMs / 2 + 20));
  from.on('error', () => from.destroy());
}

const server = net.createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
  const host = net.connect({
    host: client.localAddress ?? '',
    port: targetPort,
    noDelay: true,
    allowHalfOpen: true,
  });
  let heard = false;
  delayed(client, host, () => {
    if (heard) roundTrips += 1;
    heard = false;
  });
  delayed(host, client, () => {
    heard = true;
  });
});

server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () => {
  process.stdout.write(`${(server.address() as net.AddressInfo).port}\n`);
});

createInterface({ input: process.stdin })
  .on('line', () => {
    process.stdout.write(`${roundTrips}\n`);
    roundTrips = 0;
  })
  .on('close', () => process.kill(process.pid));
