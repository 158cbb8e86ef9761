/** Texts in two languages, from dictionaries. A missing translation is a type error. */
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { loadPreference, savePreference } from "./preferences";

export type Language = "en" | "zh";
type Entry = string | ((...values: never[]) => string);
type Translated<W> = { readonly [K in keyof W]: W[K] extends string ? string : W[K] };
export interface Dictionary<W> {
  readonly en: W;
  readonly zh: Translated<W>;
}

export function dictionary<W extends Record<string, Entry>>(en: W, zh: Translated<W>): Dictionary<W> {
  return { en, zh };
}

interface Choice {
  readonly language: Language;
  readonly locale: string;
  readonly choose: (language: Language) => void;
}

const Chosen = createContext<Choice | null>(null);
const LOCALES = { en: "en", zh: "zh-CN" } as const;

function first(): Language {
  const saved = loadPreference("language");
  if (saved === "en" || saved === "zh") return saved;
  return navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, choose] = useState(first);
  const locale = LOCALES[language];
  useEffect(() => {
    document.documentElement.lang = locale;
    savePreference("language", language);
  }, [language, locale]);
  const choice = useMemo(() => ({ language, locale, choose }), [language, locale]);
  return <Chosen value={choice}>{children}</Chosen>;
}

export function useLanguage(): Choice {
  const choice = useContext(Chosen);
  if (!choice) throw new Error("no LanguageProvider");
  return choice;
}

/** Returns the dictionary's texts in the selected language. */
export function useWords<W>(words: Dictionary<W>): Translated<W> {
  return words[useLanguage().language] as Translated<W>;
}
