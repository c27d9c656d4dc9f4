import { expect, it } from 'vitest';
import { type EventCapacity } from './event-capacity.js';
import { eventAnswer, eventPromise } from './event-answer.js';

const CAPACITY = { availableW: 12_000, offlineW: 5_000, reserveW: 2_000, optedOutW: 3_000, limitedW: 1_000 };
const answered = (requestedW: number, capacity: EventCapacity) => eventAnswer(eventPromise(requestedW, capacity));

it('an event within reach is accepted without a word', () => {
  expect(answered(12_000, CAPACITY)).toMatchObject({ verdict: 'accepted', acceptedW: 12_000, reasons: [] });
});

it('one beyond it is accepted in part, and every reason is told with its watts, the largest first', () => {
  expect(answered(26_500, CAPACITY)).toEqual({
    verdict: 'in-part',
    acceptedW: 12_000,
    shortfall: { offlineW: 5_000, reserveW: 2_000, optedOutW: 3_000, limitedW: 1_000, otherW: 3_500 },
    reasons: [
      '5000 W of devices that do not answer, are locked out or have failed',
      '3500 W more than all devices together are rated for',
      '3000 W of households that stay out',
      '2000 W that batteries do not hold above their reserve, or have no room for, over so long a time',
      "1000 W that operators' limits, or what connections and inverters bear, leave no room for",
    ],
  });
});

it('one of which nothing can be given is refused, and says why', () => {
  const { verdict, reasons } = answered(4_000, { availableW: 0, offlineW: 0, reserveW: 0, optedOutW: 9_000, limitedW: 0 });
  expect([verdict, reasons]).toEqual(['refused', ['4000 W of households that stay out']]);
});
