import ssh2 from 'ssh2';

const { utils } = ssh2;

export interface KeyPair {
  /** OpenSSH's format */
  readonly privateKey: string;
  /** one line: algorithm, base64 and a comment */
  readonly publicKey: string;
}

/** A new ed25519 key, without a passphrase. */
export function newKeyPair(comment: string): KeyPair {
  for (;;) {
    const { private: privateKey, public: publicKey } = utils.generateKeyPairSync('ed25519', { comment });
    // ssh2 1.17 writes a key wrongly when its value starts with a zero byte; such a one cannot be read back
    if (!(utils.parseKey(privateKey) instanceof Error) && !(utils.parseKey(publicKey) instanceof Error)) {
      return { privateKey, publicKey };
    }
  }
}

/** A line of known_hosts for an address and port. */
export function knownHostsLine(address: string, port: number, publicKey: string): string {
  const [algorithm = '', value = ''] = publicKey.split(' ');
  return `${port === 22 ? address : `[${address}]:${port}`} ${algorithm} ${value}`;
}
