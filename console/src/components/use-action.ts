/** Runs a button's action: one run at a time, a notification of the result, invalidation of the changed queries. */
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
  /** Replaces the notification of a failure. */
  readonly onError?: (problem: unknown) => void;
}

export function useAction() {
  const queries = useQueryClient();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  /** Return the result; undefined after a failure, which was already reported. */
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
