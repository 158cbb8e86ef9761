import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useLive } from "../../live";

type TaskRow = Schemas["TaskRow"];

/** Whether the stream's row is at least as new as the fetched row; both come from the same table. */
function isNewer(live: TaskRow, row: TaskRow): boolean {
  if (live.run !== row.run) return live.run > row.run;
  const ended = (each: TaskRow) => each.status === "FINISH" || each.status === "ABORTED";
  if (ended(live) !== ended(row)) return ended(live);
  return live.progress >= row.progress;
}

/** Merge the stream's newer state into a fetched task. */
export function useLiveTasks(): <T extends TaskRow>(row: T) => T {
  const [rows, setRows] = useState<ReadonlyMap<string, TaskRow>>(new Map());
  useLive("task", (live) => setRows((known) => new Map(known).set(live.taskId, live)));
  return (row) => {
    const live = rows.get(row.taskId);
    return live && isNewer(live, row) ? { ...row, ...live } : row;
  };
}
