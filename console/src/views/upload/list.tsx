import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { useLayoutEffect, useRef, useState } from "react";
import { useWords } from "../../language";
import { Row } from "./row";
import { useUploads } from "./store";
import classes from "./upload.module.css";
import { words } from "./words";

const ROW_PIXELS = 76;
const BEYOND = 6;

/** A virtual list: only visible rows are rendered, so that the cost does not grow with the number of files. */
export function List() {
  const t = useWords(words);
  const { entries } = useUploads();
  const list = useRef<HTMLUListElement>(null);
  const [offset, setOffset] = useState(0);
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), []);
  const virtual = useWindowVirtualizer({
    count: entries.length,
    estimateSize: () => ROW_PIXELS,
    overscan: BEYOND,
    scrollMargin: offset,
    getItemKey: (index) => entries[index]?.id ?? index,
  });
  return (
    <ul ref={list} className={classes.list} style={{ height: virtual.getTotalSize() }} aria-label={t.list}>
      {virtual.getVirtualItems().map((shown) => {
        const entry = entries[shown.index];
        return (
          entry && (
            <li
              key={entry.id}
              ref={virtual.measureElement}
              data-index={shown.index}
              className={classes.row}
              style={{ transform: `translateY(${shown.start - offset}px)` }}
              aria-setsize={entries.length}
              aria-posinset={shown.index + 1}
            >
              <Row entry={entry} />
            </li>
          )
        );
      })}
    </ul>
  );
}
