/** Numbers, sizes and times in the page's language. */
import { useMemo } from "react";
import { useLanguage } from "./language";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte"] as const;
const STEP = 1000;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const SPANS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", DAY],
  ["hour", HOUR],
  ["minute", MINUTE],
  ["second", 1],
];

/** Unix seconds of the REST calls, ISO texts of the actions; empty and 0 mean never. */
export type Time = number | string | null | undefined;

function date(time: Time): Date | null {
  if (!time) return null;
  const found = new Date(typeof time === "number" ? time * 1000 : time);
  return Number.isNaN(found.getTime()) ? null : found;
}

export class Format {
  constructor(private readonly locale: string) {}

  number(value: number): string {
    return new Intl.NumberFormat(this.locale).format(value);
  }

  percent(value: number): string {
    return new Intl.NumberFormat(this.locale, { style: "percent", maximumFractionDigits: 0 }).format(value / 100);
  }

  bytes(value: number): string {
    const power = value < STEP ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(value) / Math.log(STEP)));
    const options = { style: "unit", unit: UNITS[power] ?? "byte", unitDisplay: "short" } as const;
    const digits = power === 0 ? 0 : 1;
    return new Intl.NumberFormat(this.locale, { ...options, maximumFractionDigits: digits }).format(
      value / STEP ** power,
    );
  }

  /** A length such as 1:02:03. */
  duration(seconds: number): string {
    const whole = Math.round(seconds);
    const parts = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE), whole % MINUTE];
    const shown = parts[0] ? parts : parts.slice(1);
    return shown.map((part, index) => (index ? String(part).padStart(2, "0") : String(part))).join(":");
  }

  time(time: Time): string {
    const found = date(time);
    if (!found) return "–";
    return new Intl.DateTimeFormat(this.locale, { dateStyle: "medium", timeStyle: "medium" }).format(found);
  }

  day(time: Time, timeZone?: string): string {
    const found = date(time);
    const options: Intl.DateTimeFormatOptions = { month: "short", day: "numeric", ...(timeZone ? { timeZone } : {}) };
    return found ? new Intl.DateTimeFormat(this.locale, options).format(found) : "–";
  }

  /** Relative time, such as “3 minutes ago”. */
  ago(time: Time, now = Date.now()): string {
    const found = date(time);
    if (!found) return "–";
    const seconds = (found.getTime() - now) / 1000;
    const [unit, length] = SPANS.find(([, span]) => Math.abs(seconds) >= span) ?? (["second", 1] as const);
    return new Intl.RelativeTimeFormat(this.locale, { numeric: "auto" }).format(Math.trunc(seconds / length), unit);
  }
}

export function useFormat(): Format {
  const { locale } = useLanguage();
  return useMemo(() => new Format(locale), [locale]);
}
