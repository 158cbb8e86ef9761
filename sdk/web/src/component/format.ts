import type { Progress } from "../index";
import type { Words } from "./words";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

/** Format a number of bytes. */
export function bytes(count: number, language: string, per = ""): string {
  const step = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return unit(count / 1000 ** step, `${UNITS[step]}${per}`, language, step ? 1 : 0);
}

/** Format bytes sent, speed and time left. */
export function described(progress: Progress, words: Words): string {
  const { language } = words;
  const parts = [`${bytes(progress.loaded, language)} / ${bytes(progress.total, language)}`];
  if (progress.speed > 0 && progress.percent < 1) parts.push(bytes(progress.speed, language, "-per-second"));
  if (progress.secondsLeft) parts.push(words.left(duration(progress.secondsLeft, language)));
  return parts.join(" · ");
}

function duration(seconds: number, language: string): string {
  if (seconds < 60) return unit(Math.ceil(seconds), "second", language, 0);
  if (seconds < 3600) return unit(Math.ceil(seconds / 60), "minute", language, 0);
  return unit(seconds / 3600, "hour", language, 1);
}

function unit(value: number, name: string, language: string, digits: number): string {
  const options = { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(language, options).format(value);
}
