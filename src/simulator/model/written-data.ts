/** Something that a program wrote to a device: where it is now, and whether it is where it was meant to be. */
export interface WrittenData {
  readonly data: string;
  /** kernel name of the device at that time */
  readonly device: string;
  /** identity that the kernel had of the device, in udev's form: the volume that the program meant */
  readonly wwid: string;
  /**
   * `cached`: nowhere but in the page cache; `stored`: on the array; `misplaced`: on the array, but in another volume; `lost`: nowhere any more
   */
  state: 'cached' | 'stored' | 'misplaced' | 'lost';
  /** why it is lost: the device was taken away, the array failed the write (whoever synced was told), or the host's power went */
  why: 'removed' | 'write error' | 'power' | null;
}

/** Data that is not where it was meant to be. */
export interface LostData extends Readonly<WrittenData> {
  readonly host: string;
}

/** Follows written data from the page cache to the array. */
export class WrittenDataLog {
  readonly #all: WrittenData[] = [];
  readonly #cached = new Map<string, WrittenData[]>();

  get all(): readonly Readonly<WrittenData>[] {
    return this.#all;
  }

  write(dev: string, written: Pick<WrittenData, 'data' | 'device' | 'wwid'>): void {
    const entry: WrittenData = { ...written, state: 'cached', why: null };
    this.#all.push(entry);
    this.#cached.set(dev, [...(this.#cached.get(dev) ?? []), entry]);
  }

  /** What a device's page cache holds, major:minor. */
  cachedOn(dev: string): readonly Readonly<WrittenData>[] {
    return this.#cached.get(dev) ?? [];
  }

  get cachedDevs(): readonly string[] {
    return [...this.#cached.keys()];
  }

  /** It has arrived in the volume of that identity. */
  stored(dev: string, wwid: string): void {
    for (const entry of this.#taken(dev)) entry.state = entry.wwid === wwid ? 'stored' : 'misplaced';
  }

  lose(dev: string, why: 'removed' | 'write error' | 'power'): void {
    for (const entry of this.#taken(dev)) {
      entry.state = 'lost';
      entry.why = why;
    }
  }

  #taken(dev: string): readonly WrittenData[] {
    const taken = this.#cached.get(dev) ?? [];
    this.#cached.delete(dev);
    return taken;
  }
}
