/** Changes to an inventory's text, as an operator would make them in an editor. */
export type InventoryEdit = (text: string) => string;

/** Further keys of a volume's `data`. */
export function withData(data: Readonly<Record<string, unknown>>): InventoryEdit {
  const lines = Object.entries(data).map(([key, value]) => `            ${key}: ${JSON.stringify(value)}\n`);
  return (text) => text.replaceAll('          data:\n', `          data:\n${lines.join('')}`);
}

/** Further options beside a volume's `data`. */
export function withOptions(options: Readonly<Record<string, unknown>>): InventoryEdit {
  const lines = Object.entries(options).map(([key, value]) => `\n          ${key}: ${JSON.stringify(value)}`);
  return (text) =>
    text.replaceAll('          driver_volume_type: iscsi', `          driver_volume_type: iscsi${lines.join('')}`);
}

/** The keys of `data` that begin so are left out. */
export function withoutData(...prefixes: readonly string[]): InventoryEdit {
  const lines = new RegExp(String.raw`^ +(?:${prefixes.join('|')})\w*: .*\n`, 'gmu');
  return (text) => text.replaceAll(lines, '');
}

/** Another declared size. */
export function withSize(bytes: number): InventoryEdit {
  return (text) => text.replaceAll(/size_bytes: \d+/gu, `size_bytes: ${bytes}`);
}

export function edits(...all: readonly InventoryEdit[]): InventoryEdit {
  return (text) => all.reduce((current, edit) => edit(current), text);
}
