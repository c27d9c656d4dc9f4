import { createContext, type ReactNode, useContext, useEffect, useMemo, useState, useSyncExternalStore } from 'react';

export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];
export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

interface Preferences {
  locale: Locale;
  theme: Theme;
  setLocale: (locale: Locale) => void;
  setTheme: (theme: Theme) => void;
}

const PreferencesContext = createContext<Preferences | undefined>(undefined);

/** Storage may be forbidden (private windows, strict settings); the page then forgets, and works. */
const remembered = <Choice extends string>(key: string, choices: readonly Choice[], otherwise: Choice): Choice => {
  try {
    const value = localStorage.getItem(key);
    return choices.find((choice) => choice === value) ?? otherwise;
  } catch {
    return otherwise;
  }
};
const remember = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing to do: see above.
  }
};

/** The first language of the browser's that the pages speak. */
const spokenHere = (): Locale =>
  navigator.languages.flatMap((language) => LOCALES.find((locale) => language.toLowerCase().startsWith(locale)) ?? [])[0] ?? 'en';

export const PreferencesProvider = ({ children }: { children: ReactNode }) => {
  const [locale, setLocale] = useState<Locale>(() => remembered('heliograph.locale', LOCALES, spokenHere()));
  const [theme, setTheme] = useState<Theme>(() => remembered('heliograph.theme', THEMES, 'system'));
  useEffect(() => {
    document.documentElement.lang = locale;
    remember('heliograph.locale', locale);
  }, [locale]);
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = theme;
    remember('heliograph.theme', theme);
  }, [theme]);
  const value = useMemo(() => ({ locale, theme, setLocale, setTheme }), [locale, theme]);
  return <PreferencesContext value={value}>{children}</PreferencesContext>;
};

export const usePreferences = (): Preferences => {
  const preferences = useContext(PreferencesContext);
  if (!preferences) throw new Error('PreferencesProvider is missing');
  return preferences;
};

const darkQuery = '(prefers-color-scheme: dark)';
const onDarkChange = (tell: () => void) => {
  const media = window.matchMedia(darkQuery);
  media.addEventListener('change', tell);
  return () => media.removeEventListener('change', tell);
};

/** Whether the page is dark at the moment: canvases need to know, style sheets find out by themselves. */
export const useDark = (): boolean => {
  const { theme } = usePreferences();
  const system = useSyncExternalStore(onDarkChange, () => window.matchMedia(darkQuery).matches);
  return theme === 'system' ? system : theme === 'dark';
};
