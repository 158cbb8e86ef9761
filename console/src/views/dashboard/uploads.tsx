import { Text, VisuallyHidden } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import classes from "./dashboard.module.css";
import { words } from "./words";

const DAY_SECONDS = 86_400;
const DAYS = 30;
/** Least height, so that a day with one file stays visible among days with thousands. */
const LEAST_PERCENT = 2;

type Day = Schemas["UploadsOfDay"];

/** Inserts the days without uploads. */
function complete(days: readonly Day[], now: number): Day[] {
  const known = new Map(days.map((day) => [day.day, day]));
  const today = Math.floor(now / DAY_SECONDS) * DAY_SECONDS;
  return Array.from({ length: DAYS }, (_, index) => {
    const day = today - (DAYS - 1 - index) * DAY_SECONDS;
    return known.get(day) ?? { day, files: 0, bytes: 0 };
  });
}

/** One bar for each day; each says its figures as text too. */
export function Uploads({ days }: { readonly days: readonly Day[] }) {
  const t = useWords(words);
  const format = useFormat();
  const shown = complete(days, Date.now() / 1000);
  const most = Math.max(1, ...shown.map((day) => day.files));
  return (
    <>
      <Text size="xs" c="dimmed">
        {t.most(format.number(most))}
      </Text>
      <ul className={classes.chart}>
        {shown.map((day) => {
          const text = t.bar(format.day(day.day, "UTC"), format.number(day.files), format.bytes(day.bytes));
          const height = day.files && Math.max(LEAST_PERCENT, (day.files / most) * 100);
          return (
            <li key={day.day} title={text}>
              <div className={classes.bar} style={{ height: `${height}%` }} />
              <VisuallyHidden>{text}</VisuallyHidden>
            </li>
          );
        })}
      </ul>
      <Text size="xs" c="dimmed" component="div" className={classes.axis ?? ""} aria-hidden>
        <span>{format.day(shown[0]?.day, "UTC")}</span>
        <span>{format.day(shown.at(-1)?.day, "UTC")}</span>
      </Text>
    </>
  );
}
