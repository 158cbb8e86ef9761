/** A dialog with a form; a refusal is told in it, and what was entered stays. */
import { Button, Group, Modal, Stack } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { useWords } from "../language";
import { states } from "../words";
import { Failure, useNotify } from "./failure";

interface Props {
  readonly title: string;
  /** What the button that sends says: the deed. */
  readonly action: string;
  readonly close: () => void;
  readonly send: () => Promise<unknown>;
  readonly done?: string;
  readonly renew?: readonly string[];
  readonly size?: string;
  readonly children: ReactNode;
}

/** Is drawn while it is open: every opening begins with fresh fields. */
export function FormDialog({ title, action, close, send, done, renew = [], size = "md", children }: Props) {
  const words = useWords(states);
  const queries = useQueryClient();
  const notify = useNotify();
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await send();
      await queries.invalidateQueries({ predicate: (query) => renew.includes(String(query.queryKey[0])) });
      if (done) notify.done(done);
      close();
    } catch (error) {
      setProblem(error);
      setBusy(false);
    }
  };
  return (
    <Modal opened onClose={close} title={title} size={size} closeButtonProps={{ "aria-label": words.close }} centered>
      <form onSubmit={submit} noValidate>
        <Stack>
          {children}
          {problem !== null && <Failure problem={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {words.cancel}
            </Button>
            <Button type="submit" loading={busy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
