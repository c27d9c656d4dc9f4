const isTag = (language: string): boolean => {
  try {
    return Intl.getCanonicalLocales(language).length > 0;
  } catch {
    return false;
  }
};

/**
 * Some systems give their browser a language that is no language tag, such as `en-US@posix`, and uPlot hands it to `Intl` as
 * soon as it is loaded, which throws. The part before the mark is one.
 */
export const mendBrowserLanguage = (): void => {
  if (isTag(navigator.language)) return;
  const plain = navigator.language.split('@')[0]!;
  Object.defineProperty(navigator, 'language', { value: isTag(plain) ? plain : 'en', configurable: true });
};
