import { QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useMemo } from 'react';
import { createRoot } from 'react-dom/client';
import { createIntl, createIntlCache, RawIntlProvider } from 'react-intl';

import { isStatus } from './api/client.js';
import { forgetSession, worthRetrying } from './api/queries.js';
import { App } from './app.js';
import { PreferencesProvider, usePreferences } from './design/preferences.js';
import { german } from './messages/de.js';
import { english } from './messages/en.js';
import { mendBrowserLanguage } from './shell/browser-language.js';

const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (isStatus(error, 401)) void forgetSession(queries);
    },
  }),
  defaultOptions: { queries: { retry: worthRetrying, refetchOnWindowFocus: true, staleTime: 5_000 } },
});

const catalogues = { en: english, de: german };
const cache = createIntlCache();

const Spoken = () => {
  const { locale } = usePreferences();
  const intl = useMemo(() => createIntl({ locale, messages: catalogues[locale] }, cache), [locale]);
  return (
    <RawIntlProvider value={intl}>
      <App />
    </RawIntlProvider>
  );
};

mendBrowserLanguage();
createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <PreferencesProvider>
        <Spoken />
      </PreferencesProvider>
    </QueryClientProvider>
  </StrictMode>,
);
