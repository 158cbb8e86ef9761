/** What a button does: it runs once at a time, reports its outcome, and invalidates the queries that it changed. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNotify } from "./failure";

export interface Outcome {
  /** Notification after success. */
  readonly success?: string;
  /** First members of the keys of queries that are stale after success. */
  readonly invalidates?: readonly string[];
  /** Called after success, before queries are invalidated. */
  readonly onSuccess?: () => void;
  /** Shows a failure elsewhere than in a notification. */
  readonly onError?: (problem: unknown) => void;
}

export function useAction() {
  const queries = useQueryClient();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  /** Return the answer; undefined after a failure, which was reported. */
  const run = async <T>(
    work: () => Promise<T>,
    { success, invalidates = [], onSuccess, onError = notify.error }: Outcome = {},
  ): Promise<T | undefined> => {
    setBusy(true);
    try {
      const answer = await work();
      onSuccess?.();
      await queries.invalidateQueries({ predicate: (query) => invalidates.includes(String(query.queryKey[0])) });
      if (success) notify.success(success);
      return answer;
    } catch (problem) {
      onError(problem);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
}
