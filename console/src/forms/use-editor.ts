/** The state of an editor: draft, field errors, result of saving. */
import { type FormEvent, useState } from "react";
import { useAction } from "../components/use-action";
import { navigate } from "../router";
import { errorsIn, type Field, type FieldError, type JsonObject } from "./schema";
import { useErrorMessages } from "./schema-form";

/** The edited value: name, comment, and the members that the schema describes. */
export interface Draft {
  readonly name: string;
  readonly comment: string;
  readonly members: JsonObject;
}

export interface EditorOptions {
  readonly field: Field;
  readonly first: Draft;
  /** First member of the keys of queries that saving changes. */
  readonly invalidates: string;
  /** Notification after saving. */
  readonly saved: string;
  /** Errors beyond those of the schema. */
  readonly check?: (draft: Draft) => readonly FieldError[];
  /** Error of the name; empty for a valid one. */
  readonly nameError?: (name: string) => string;
  /** Messages for the fields that the server refused, by path. */
  readonly refusedFields?: (problem: unknown) => readonly (readonly [string, string])[];
  /** Save the draft, and return the path of the saved entry. */
  readonly save: (draft: Draft) => Promise<string>;
}

export function useEditor(options: EditorOptions) {
  const { field, first, invalidates, saved, save, check, nameError, refusedFields } = options;
  const [draft, setDraft] = useState(first);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const action = useAction();
  const messagesOf = useErrorMessages();
  const found = [...errorsIn(field, draft.members), ...(check?.(draft) ?? [])];
  const badName = nameError?.(draft.name) ?? "";
  const errors = new Map([...(refusedFields?.(problem) ?? []), ...(tried ? messagesOf(found) : [])]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setProblem(null);
    if (found.length > 0 || badName) return;
    const outcome = { success: saved, invalidates: [invalidates], onError: setProblem };
    const path = await action.run(() => save(draft), outcome);
    if (path) navigate(path);
  };
  /** Return whether all members are valid, and mark those that are not. */
  const validate = () => {
    setTried(true);
    return found.length === 0;
  };
  const invalid = tried && (found.length > 0 || badName !== "");
  return { draft, setDraft, errors, badName: tried && badName, invalid, problem, busy: action.busy, submit, validate };
}
