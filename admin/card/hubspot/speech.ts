/** Keys, dates and numbers in the language and the manner of the person who looks. */
import type { Speech } from "./content.js";
import { TRANSLATIONS } from "./translations.ts";
import { WORDS } from "./words.ts";

export type Words = Record<keyof typeof WORDS, string>;

/** The words of this person's language, English where it has none. */
export function wordsOf(language: string | undefined): Words {
  const wanted = (language || "").toLowerCase().replace("_", "-");
  return { ...WORDS, ...TRANSLATIONS[wanted.split("-")[0] || ""], ...TRANSLATIONS[wanted] };
}

export function speechOf(words: Words, locale: string | undefined): Speech {
  const known = knownLocale(locale);
  const days = new Intl.DateTimeFormat(known, { dateStyle: "medium", timeZone: "UTC" });
  return {
    say: (key, parts = {}) => filled(words[key as keyof Words], parts),
    day: (iso) => days.format(new Date(`${iso.slice(0, 10)}T00:00:00Z`)),
    number: (value, digits = 1) => new Intl.NumberFormat(known, { maximumFractionDigits: digits }).format(value),
  };
}

/** The day it is where this HubSpot account is; the SDK does not tell where the person is. */
export function todayIn(timezone: string): string {
  return new Intl.DateTimeFormat("en-CA", { timeZone: timezone || "UTC" }).format(new Date()); // 2026-11-28
}

// unverified: HubSpot writes locales as "en-us" or "de-de", and may leave them out.
function knownLocale(locale: string | undefined): string {
  const wanted = (locale || "en-us").replace("_", "-");
  try {
    return Intl.getCanonicalLocales(wanted)[0] || "en-US";
  } catch {
    return "en-US";
  }
}

export function filled(text: string, parts: Record<string, unknown>): string {
  return text.replace(/\{(\w+)\}/g, (whole, key: string) => (key in parts ? String(parts[key]) : whole));
}
