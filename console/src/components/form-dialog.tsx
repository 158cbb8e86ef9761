/** A dialog with a form. It shows the server's error and keeps the entered values. */
import { Button, Group, Modal, Stack } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { useWords } from "../language";
import { states } from "../words";
import { Failure } from "./failure";
import { useAction } from "./use-action";

interface Props {
  readonly title: string;
  readonly submitLabel: string;
  readonly onClose: () => void;
  readonly onSubmit: () => Promise<unknown>;
  /** Notification after success. */
  readonly success?: string;
  /** First members of the keys of queries that are stale after success. */
  readonly invalidates?: readonly string[];
  readonly size?: string;
  /** Whether there is nothing to submit yet. */
  readonly incomplete?: boolean;
  /** Whether the browser checks the fields before the server does. */
  readonly browserChecks?: boolean;
  readonly children: ReactNode;
}

/** Render it only while it is open, so that its fields are reset each time. */
export function FormDialog(props: Props) {
  const { title, submitLabel, onClose, onSubmit, success, invalidates = [], children } = props;
  const { size = "md", incomplete = false, browserChecks = false } = props;
  const t = useWords(states);
  const action = useAction();
  const [problem, setProblem] = useState<unknown>(null);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const work = () => onSubmit().then(() => true);
    const outcome = { invalidates, onError: setProblem, ...(success && { success }) };
    if (await action.run(work, outcome)) onClose();
  };
  return (
    <Modal opened onClose={onClose} title={title} size={size} closeButtonProps={{ "aria-label": t.close }} centered>
      <form onSubmit={submit} noValidate={!browserChecks}>
        <Stack>
          {children}
          {problem !== null && <Failure problem={problem} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t.cancel}
            </Button>
            <Button type="submit" loading={action.busy} disabled={incomplete}>
              {submitLabel}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
