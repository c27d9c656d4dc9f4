import { stringify } from 'yaml';
import type { DeviceRole, ModbusAddress, ReversionClass } from './plant.js';
import { isSerial } from './plant.js';

/** A device as a fleet file states it, as far as it is known before somebody has looked over it. */
export interface DeviceEntry {
  readonly id: string;
  readonly name: string;
  readonly role: DeviceRole;
  readonly profile: string;
  readonly modbus: ModbusAddress;
  readonly reversion?: ReversionClass;
  readonly ratedW: number;
  readonly battery?: Readonly<Record<string, number>>;
  readonly generator?: Readonly<Record<string, number>>;
  readonly flexibleLoad?: Readonly<Record<string, string | number>>;
}

/** What stands behind a field of an entry as a comment: by its name, or `battery.capacityWh`. */
export type EntryNotes = Readonly<Record<string, string>>;

/** What stands beside a suggested `reversion`; it is true of that value and goes with it. */
export const REVERSION_NOTES = {
  unproven: 'never dispatched until `vpp device commission` has proven that the device lets go by itself',
  device: 'by its profile; `vpp device commission` proves it',
  supervisor: 'by its profile the device keeps what it was told',
  none: 'never dispatched',
} as const satisfies Record<ReversionClass | 'unproven', string>;

const INDENT = ' '.repeat(6);

/** An entry as lines for the `devices:` of a site, notes behind them. */
export const fleetLines = (entry: DeviceEntry, notes: EntryNotes = {}): string[] => {
  const { modbus, battery, generator, flexibleLoad, ...plain } = entry;
  const note = (field: string): string => (notes[field] === undefined ? '' : ` # ${notes[field]}`);
  const lines = Object.entries({ ...plain, modbus: undefined })
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field}: ${scalar(value)}${note(field)}`);
  lines.splice(lines.length - 1, 0, `modbus: ${addressText(modbus)}${note('modbus')}`);
  for (const [group, values] of Object.entries({ battery, generator, flexibleLoad })) {
    if (!values) continue;
    lines.push(`${group}:${note(group)}`);
    for (const [field, value] of Object.entries(values)) lines.push(`  ${field}: ${value}${note(`${group}.${field}`)}`);
  }
  return lines.map((line, index) => `${INDENT}${index === 0 ? '- ' : '  '}${line}`);
};

/** Whatever would be something else to YAML is quoted. */
const scalar = (value: unknown): string => stringify(value, { lineWidth: 0 }).trimEnd();

const MODBUS_PORT = 502;

const addressText = (address: ModbusAddress): string => {
  const { unitId, sunspecBase } = address;
  const base = sunspecBase === undefined ? {} : { sunspecBase };
  const way = isSerial(address)
    ? { serial: address.serial, baudRate: address.baudRate, parity: address.parity, stopBits: address.stopBits }
    : {
        host: address.host,
        ...(address.port === MODBUS_PORT ? {} : { port: address.port }),
        ...(address.framing === 'rtu' ? { framing: 'rtu' } : {}),
      };
  return stringify({ ...way, unitId, ...base }, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd();
};
