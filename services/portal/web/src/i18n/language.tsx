import { createContext, use, useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import { TEXTS } from './texts';
import type { TextKey } from './texts';

export type Lang = 'zh' | 'en';

export interface Language {
  lang: Lang;
  setLang: (l: Lang) => void;
  /** A text of the pages; {name} is replaced by the parameter of that name. */
  t: (key: TextKey, params?: Record<string, string | number>) => string;
  /** The side of a two-language text that is read now. */
  pick: (text: { zh: string; en: string }) => string;
}

const Context = createContext<Language | null>(null);
const STORED = 'egov.lang';

/** Provides the language of the pages: Chinese unless the reader chose. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [lang, setLang] = useState<Lang>(() => (localStorage.getItem(STORED) === 'en' ? 'en' : 'zh'));
  useEffect(() => {
    localStorage.setItem(STORED, lang);
    document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
    document.title = TEXTS.product[lang === 'zh' ? 0 : 1];
  }, [lang]);
  const value = useMemo<Language>(
    () => ({
      lang,
      setLang,
      t: (key, params = {}) => TEXTS[key][lang === 'zh' ? 0 : 1].replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? '')),
      pick: (text) => (lang === 'en' && text.en !== '' ? text.en : text.zh),
    }),
    [lang],
  );
  return <Context value={value}>{children}</Context>;
}

/** The language of the pages. */
export function useLanguage(): Language {
  const l = use(Context);
  if (!l) throw new Error('no LanguageProvider above');
  return l;
}
