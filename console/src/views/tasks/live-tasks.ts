import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useLive } from "../../live";

type TaskRow = Schemas["TaskRow"];

/** How old an answer may be and still outrank the stream: both read the same table. */
function isNewer(live: TaskRow, row: TaskRow): boolean {
  if (live.run !== row.run) return live.run > row.run;
  const ended = (each: TaskRow) => each.status === "FINISH" || each.status === "ABORTED";
  if (ended(live) !== ended(row)) return ended(live);
  return live.progress >= row.progress;
}

/** Return the state of a task from the stream where that is newer than the answer at hand. */
export function useLiveTasks(): <T extends TaskRow>(row: T) => T {
  const [rows, setRows] = useState<ReadonlyMap<string, TaskRow>>(new Map());
  useLive("task", (live) => setRows((known) => new Map(known).set(live.taskId, live)));
  return (row) => {
    const live = rows.get(row.taskId);
    return live && isNewer(live, row) ? { ...row, ...live } : row;
  };
}
