import type { EpochMs } from '../kernel/units.js';
import type { ProofRecord } from './record.js';

const when = (atMs: EpochMs): string => (Math.abs(atMs) <= 8.64e15 ? new Date(atMs).toISOString() : `${atMs} ms`);

const energies = ({ toBusWh, fromBusWh }: { toBusWh?: number; fromBusWh?: number }): string =>
  [toBusWh === undefined ? [] : `${toBusWh} Wh into the site`, fromBusWh === undefined ? [] : `${fromBusWh} Wh out of it`]
    .flat()
    .join(', ') || 'no energy is known';

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** What a record states, in one line of English. */
export const recordText = (record: ProofRecord): string => {
  const period = `${when(record.startMs)} to ${when(record.endMs)}`;
  switch (record.type) {
    case 'interval-reading':
      return `${record.device}, ${record.channel}, ${period}: ${energies(record)} (${record.quality})`;
    case 'correction':
      return `${record.device}, ${record.channel}, ${period}: corrected to ${energies(record)} (${record.quality}; ${record.reason})`;
    case 'decision': {
      const { device, control, owner, powerW, readback, readbackW, told, confirmed, lowestW, highestW } = record;
      const answer = readbackW === undefined ? readback : `${readback} at ${readbackW} W`;
      return (
        `${device}, ${control}, ${period}: told ${powerW} W by ${owner}, ${answer}; ` +
        `${counted(told, 'time')} between ${lowestW} and ${highestW} W, ${confirmed} of them confirmed`
      );
    }
    case 'grid-event':
      return `event ${record.eventId}, ${period}: ${record.state} at ${when(record.atMs)}, ${record.direction} by ${record.powerW} W`;
    case 'baseline':
      return `baseline for ${record.eventId}, ${period}: fixed at ${when(record.fixedAtMs)} from ${counted(record.days, 'like day')}`;
    case 'statement':
      return `statement of ${record.date}: ${record.totalMicro / 1_000_000} ${record.currency} in ${counted(record.lines.length, 'line')}`;
  }
};
