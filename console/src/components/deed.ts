/** Something that a person does by a button: runs once at a time, tells its outcome, and renews what it changed. */
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNotify } from "./failure";

export interface Outcome {
  /** What is said when it went well. */
  readonly done?: string;
  /** First members of the keys of queries that are old then. */
  readonly renew?: readonly string[];
  /** Tells a failure in another place than the corner of the page. */
  readonly failed?: (problem: unknown) => void;
}

export function useDeed() {
  const queries = useQueryClient();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  /** Return what was answered; undefined after a failure, which was told. */
  const run = async <T>(
    work: () => Promise<T>,
    { done, renew = [], failed = notify.failed }: Outcome = {},
  ): Promise<T | undefined> => {
    setBusy(true);
    try {
      const answer = await work();
      await queries.invalidateQueries({ predicate: (query) => renew.includes(String(query.queryKey[0])) });
      if (done) notify.done(done);
      return answer;
    } catch (problem) {
      failed(problem);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  return { busy, run };
}
