import { useCallback } from 'react';
import { useIntl } from 'react-intl';

import type { english } from './en.js';

export type MessageId = keyof typeof english;
export type Text = (id: MessageId, values?: Record<string, string | number>) => string;

/** The words of the reader's language. */
export const useText = (): Text => {
  const intl = useIntl();
  return useCallback((id, values) => intl.formatMessage({ id }, values), [intl]);
};
