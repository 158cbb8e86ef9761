import { useState } from "react";
import type { Schemas } from "../../api/client";
import { useLive } from "../../live";

type TaskRow = Schemas["TaskRow"];

/** How old an answer may be and still outrank what the stream told: both read the same table. */
function isNewer(told: TaskRow, row: TaskRow): boolean {
  if (told.run !== row.run) return told.run > row.run;
  const ended = (each: TaskRow) => each.status === "FINISH" || each.status === "ABORTED";
  if (ended(told) !== ended(row)) return ended(told);
  return told.progress >= row.progress;
}

/** Return what the stream told of a task, where that is newer than the answer at hand. */
export function useLiveTasks(): <T extends TaskRow>(row: T) => T {
  const [rows, setRows] = useState<ReadonlyMap<string, TaskRow>>(new Map());
  useLive("task", (told) => setRows((known) => new Map(known).set(told.taskId, told)));
  return (row) => {
    const told = rows.get(row.taskId);
    return told && isNewer(told, row) ? { ...row, ...told } : row;
  };
}
