import type { DeviceRow, SiteRow } from '../api/types.js';
import type { DeviceFlow } from '../design/flow.js';

/** Which flows a device carries. */
export const flowsOfRole: Record<DeviceRow['role'], readonly DeviceFlow[]> = {
  'grid-meter': ['grid'],
  pv: ['pv'],
  battery: ['battery'],
  hybrid: ['pv', 'battery'],
  generator: ['generator'],
  'flexible-load': ['flexible'],
};

/** AC power of a device into its site: what its flows add up to; undefined where one of them is not known. */
export const powerOf = ({ role, values }: Pick<DeviceRow, 'role' | 'values'>): number | undefined => {
  const powersW = flowsOfRole[role].map((flow) => values[`${flow}.powerW`]);
  return powersW.every((powerW) => powerW !== undefined) ? powersW.reduce((sum, powerW) => sum + powerW, 0) : undefined;
};

const LOAD_STATES = ['nothingThere', 'wantsNothing', 'heldBack', 'draws', 'failed'] as const;

/** What a flexible load says it does; undefined for what is none, or does not say. */
export const loadStateOf = ({ role, values }: Pick<DeviceRow, 'role' | 'values'>): (typeof LOAD_STATES)[number] | undefined =>
  role === 'flexible-load' ? LOAD_STATES[values['flexible.state'] ?? -1] : undefined;

/** Flexible loads in an order that does not change while one looks. */
export const flexibleLoads = (devices: readonly DeviceRow[]): DeviceRow[] =>
  devicesShown(
    devices.filter(({ role }) => role === 'flexible-load'),
    '',
    false,
  );

export const needsAttention = (device: DeviceRow): boolean => device.health !== 'online' || device.lockedOut;

/** The rows to show, in an order that does not change while one looks: by site, then by name. */
export const devicesShown = (devices: readonly DeviceRow[], words: string, onlyAttention: boolean): DeviceRow[] => {
  const wanted = words.trim().toLowerCase().split(/\s+/).filter(Boolean);
  return devices
    .filter((device) => !onlyAttention || needsAttention(device))
    .filter((device) => {
      const all = [device.id, device.name, device.siteName, device.role, device.profile, device.address, device.health]
        .join(' ')
        .toLowerCase();
      return wanted.every((word) => all.includes(word));
    })
    .sort((a, b) => a.siteName.localeCompare(b.siteName, 'en', { numeric: true }) || a.name.localeCompare(b.name, 'en', { numeric: true }));
};

/** Sites that have a battery, stable in order; fullest knowledge first would make them jump. */
export const batterySites = (sites: readonly SiteRow[]): SiteRow[] =>
  sites
    .filter(({ socPct, powersW }) => socPct !== undefined || powersW.battery !== undefined)
    .sort((a, b) => Number(a.kind === 'home') - Number(b.kind === 'home') || a.name.localeCompare(b.name, 'en', { numeric: true }));

/** Where a run stands on a strip from `fromMs` to `toMs`, in percent; undefined where it lies outside. */
export const onStrip = (
  run: { startMs: number; endMs: number },
  fromMs: number,
  toMs: number,
): { leftPct: number; widthPct: number } | undefined => {
  const startMs = Math.max(run.startMs, fromMs);
  const endMs = Math.min(run.endMs, toMs);
  if (endMs <= startMs) return undefined;
  return { leftPct: (100 * (startMs - fromMs)) / (toMs - fromMs), widthPct: (100 * (endMs - startMs)) / (toMs - fromMs) };
};
