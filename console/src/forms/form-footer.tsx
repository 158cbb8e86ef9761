/** The end of an editor's form: errors that prevent saving, and the buttons. */
import { Button, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Failure } from "../components/failure";

interface Props {
  /** Shown when fields have errors. */
  readonly unsaved: string | false;
  /** The server's refusal of the last attempt. */
  readonly problem: unknown;
  readonly save: string;
  readonly busy: boolean;
  readonly readOnly: boolean;
  /** Further buttons. */
  readonly children?: ReactNode;
}

export function FormFooter({ unsaved, problem, save, busy, readOnly, children }: Props) {
  return (
    <>
      {unsaved && (
        <Text role="alert" c="var(--mantine-color-error)">
          {unsaved}
        </Text>
      )}
      {problem !== null && <Failure problem={problem} />}
      {!readOnly && (
        <Group>
          <Button type="submit" loading={busy}>
            {save}
          </Button>
          {children}
        </Group>
      )}
    </>
  );
}
