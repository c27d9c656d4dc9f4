import type { Alarm } from '../api/types.js';

const weight: Record<Alarm['severity'], number> = { critical: 0, warning: 1, info: 2 };
const openFirst = (alarm: Alarm): number => (alarm.clearedAtMs === undefined ? weight[alarm.severity] : 9);

/** What is open stands first, worst on top, newest first among equals; what is over follows, newest first. At most `limit`. */
export const inOrder = (alarms: readonly Alarm[], limit = 60): Alarm[] =>
  [...alarms].sort((a, b) => openFirst(a) - openFirst(b) || b.raisedAtMs - a.raisedAtMs || b.id - a.id).slice(0, limit);
