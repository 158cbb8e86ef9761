/** Asks for confirmation: `if (await confirm({…})) …`. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { useWords } from "../language";
import { states } from "../words";

export interface Question {
  readonly title: string;
  readonly body: ReactNode;
  /** Label of the button that goes ahead: a verb, not “OK”. */
  readonly action: string;
  readonly danger?: boolean;
}
type Ask = (question: Question) => Promise<boolean>;

const Asking = createContext<Ask>(() => Promise.resolve(false));

export function ConfirmProvider({ children }: { readonly children: ReactNode }) {
  const t = useWords(states);
  const [question, setQuestion] = useState<Question | null>(null);
  const [opened, setOpened] = useState(false);
  const answer = useRef<(yes: boolean) => void>(() => {});
  const ask = useCallback<Ask>(
    (newQuestion) =>
      new Promise((resolve) => {
        answer.current = resolve;
        setQuestion(newQuestion);
        setOpened(true);
      }),
    [],
  );
  const answerWith = (yes: boolean) => {
    setOpened(false);
    answer.current(yes);
  };
  return (
    <Asking value={ask}>
      {children}
      <Modal
        opened={opened}
        onClose={() => answerWith(false)}
        title={question?.title}
        closeButtonProps={{ "aria-label": t.close }}
        centered
      >
        <Stack>
          <Text size="sm" component="div" style={{ overflowWrap: "anywhere" }}>
            {question?.body}
          </Text>
          <Group justify="flex-end">
            <Button variant="default" onClick={() => answerWith(false)} data-autofocus>
              {t.cancel}
            </Button>
            <Button {...(question?.danger ? { color: "red.9" } : {})} onClick={() => answerWith(true)}>
              {question?.action}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Asking>
  );
}

export function useConfirm(): Ask {
  return useContext(Asking);
}
