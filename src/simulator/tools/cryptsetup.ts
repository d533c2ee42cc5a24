import { complained, printed, type Tool } from './tool.js';

/** `cryptsetup close NAME`; nothing else of it is simulated. */
export const cryptsetup: Tool = ({ host, argv }) => {
  const [verb, name = ''] = argv.slice(1);
  if (verb !== 'close') return complained(`cryptsetup: ${verb ?? ''} is not simulated`, 1);
  const map = host.deviceMapper.find(name);
  if (map === undefined || map.table.kind !== 'linear') return complained(`Device ${name} is not active.`, 4);
  if (host.multipath.openCount(map) > 0) return complained(`Device ${name} is still in use.`, 5);
  host.deviceMapper.remove(map);
  return printed('');
};
