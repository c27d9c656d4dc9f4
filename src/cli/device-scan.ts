import { scanUnit, type UnitFound } from '../field/commissioning.js';
import { loadProfiles } from '../field/profiles.js';
import { fleetLines } from '../fleet/device-entry.js';
import { parseBus, parseUnitIds } from './device-arguments.js';
import { baseOf, onBus, print, type Reach } from './device-bus.js';

/** Says who answers on a bus, and how to enter them into a fleet file. */
export const scan = (address: string, options: Reach & { unitIds: string }): Promise<void> => {
  const unitIds = parseUnitIds(options.unitIds);
  const profiles = loadProfiles();
  const sunspecBase = baseOf(options);
  const way = { ...parseBus(address), ...(sunspecBase === undefined ? {} : { sunspecBase }) };
  return onBus(address, options, async (bus) => {
    const found: UnitFound[] = [];
    try {
      for (const [index, unitId] of unitIds.entries()) {
        sayTrying(`trying unit ${unitId}, ${index + 1} of ${unitIds.length} …`);
        const unit = await scanUnit(bus.unit(unitId), profiles, { ...way, unitId });
        if (!unit) continue;
        found.push(unit);
        sayTrying('');
        if (!options.json) console.log(unitLine(unit));
      }
    } finally {
      sayTrying('');
    }
    if (found.length === 0) process.exitCode = 1;
    if (options.json) return printJson(address, found);
    if (found.length === 0) console.log(`nobody answers at unit ids ${options.unitIds}`);
    const lines = linesOf(found);
    if (lines.length > 0)
      console.log(['', '# For the `devices:` of a site in the fleet file; look over what has a comment.', ...lines].join('\n'));
  });
};

const CLEAR_TO_END_OF_LINE = '\u001B[K';

/** One line that is written over and over, where somebody looks at it: a silent unit takes a second, and there may be 247. */
const sayTrying = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r${text}${CLEAR_TO_END_OF_LINE}`);
};

const linesOf = (found: readonly UnitFound[]): string[] =>
  found.flatMap((unit) => ('device' in unit && unit.device ? fleetLines(unit.device.entry, unit.device.notes) : []));

const printJson = (address: string, found: readonly UnitFound[]): void => {
  const units = found.map((unit) =>
    'device' in unit && unit.device ? { ...unit, device: unit.device.entry, notes: unit.device.notes } : unit,
  );
  print({ address, units, fleetLines: linesOf(found).join('\n') });
};

const unitLine = (found: UnitFound): string => {
  const at = `unit ${String(found.unitId).padStart(3)}`;
  switch (found.kind) {
    case 'sunspec': {
      const { manufacturer = '?', model = '?', version = '?', serial = '?' } = found.identity;
      return `${at}  SunSpec ${found.models.map(({ id }) => id).join('+')}  ${manufacturer} ${model} ${version}, serial ${serial}`;
    }
    case 'register-map':
      return `${at}  register map, fits --profile ${found.profiles.join(' or ')}`;
    case 'unknown':
      return `${at}  ${found.reason}`;
  }
};
