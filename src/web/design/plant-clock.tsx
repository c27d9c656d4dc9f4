import { useEffect, useMemo, useState } from 'react';
import { useIntl } from 'react-intl';

import { usePlant } from '../api/queries.js';
import { type Format, formatIn } from './format.js';

/** Numbers and times in the reader's language and at the plant's (or a site's own) place. */
export const useFormat = (siteZone?: string): Format => {
  const { locale } = useIntl();
  const { data: plant } = usePlant();
  const zone = siteZone ?? plant?.zone ?? 'UTC';
  const currency = plant?.currency ?? 'EUR';
  return useMemo(() => formatIn(locale, zone, currency), [locale, zone, currency]);
};

/** What the plant's clock shows now, told anew every `everyMs`; undefined until the plant has said its time. */
export const usePlantNow = (everyMs: number): number | undefined => {
  const { data: plant } = usePlant();
  const read = () => (plant ? plant.nowMs + performance.now() - plant.heardMs : undefined);
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => tick((count) => count + 1), everyMs);
    return () => window.clearInterval(timer);
  }, [everyMs]);
  const nowMs = read();
  return nowMs === undefined ? undefined : Math.floor(nowMs / everyMs) * everyMs;
};
