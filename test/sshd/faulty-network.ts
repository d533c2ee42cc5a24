import net from 'node:net';

export interface FaultyNetwork {
  readonly port: number;
  /** From now on nothing arrives at either end, and nobody is told. */
  blackHole(): void;
  /** Cuts the connection when so many further bytes have gone that way. */
  cutAfter(direction: 'up' | 'down', bytes: number): void;
  close(): Promise<void>;
}

/** A stretch of network between a client and a port of this machine. */
export async function startFaultyNetwork(targetPort: number): Promise<FaultyNetwork> {
  const sockets = new Set<net.Socket>();
  const left = { up: Infinity, down: Infinity };
  let isHole = false;
  const carry = (from: net.Socket, to: net.Socket, direction: 'up' | 'down'): void => {
    from.on('data', (chunk: Buffer) => {
      if (isHole) return;
      const part = chunk.subarray(0, left[direction]);
      left[direction] -= part.length;
      to.write(part);
      if (left[direction] > 0) return;
      // what has gone still arrives
      to.end();
      from.destroy();
    });
    from.on('close', () => void (isHole || to.end()));
    from.on('error', () => from.destroy());
  };
  const server = net.createServer({ noDelay: true }, (client) => {
    const host = net.connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
    for (const socket of [client, host]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
    }
    carry(client, host, 'up');
    carry(host, client, 'down');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    port,
    blackHole() {
      isHole = true;
    },
    cutAfter(direction, bytes) {
      left[direction] = bytes;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
