/** Shows a failure: what happened and what to do. */
import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useCallback } from "react";
import { Problem } from "../api/problem";
import { useWords } from "../language";
import { states } from "../words";

type Words = typeof states.en;
export interface Explanation {
  readonly title: string;
  readonly help: string;
  /** The server's message, in English. */
  readonly detail: string;
}

const MINUTE = 60;

function kind(
  status: number,
): "unreachable" | "signedOut" | "forbidden" | "missing" | "conflict" | "full" | "refused" | "failed" {
  if (status === 0) return "unreachable";
  if (status === 401) return "signedOut";
  if (status === 403) return "forbidden";
  if (status === 404) return "missing";
  if (status === 409) return "conflict";
  if (status === 507) return "full";
  return status >= 500 ? "failed" : "refused";
}

export function explain(problem: unknown, t: Words): Explanation {
  if (!(problem instanceof Problem)) return { title: t.failed, help: t.failedHelp, detail: String(problem) };
  if (problem.status === 429) {
    const minutes = Math.max(1, Math.ceil(problem.retryAfter / MINUTE));
    return { title: t.tooMany, help: t.tooManyHelp(minutes), detail: problem.message };
  }
  const found = kind(problem.status);
  return { title: t[found], help: t[`${found}Help`], detail: problem.message };
}

interface Props {
  readonly problem: unknown;
  readonly retry?: (() => void) | undefined;
}

export function Failure({ problem, retry }: Props) {
  const t = useWords(states);
  const { title, help, detail } = explain(problem, t);
  return (
    <Alert color="red" title={title} icon={<IconAlertTriangle aria-hidden />} role="alert" my="md">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{help}</Text>
        {detail && (
          <Text size="sm" style={{ overflowWrap: "anywhere" }}>
            {t.details}: <Code>{detail}</Code>
          </Text>
        )}
        {retry && (
          <Group>
            <Button size="xs" variant="default" onClick={retry}>
              {t.retry}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  );
}

/** Notifications in a corner of the page, announced to screen readers. */
export function useNotify() {
  const t = useWords(states);
  const success = useCallback((message: string) => notifications.show({ message, color: "green" }), []);
  const error = useCallback(
    (problem: unknown) => {
      const { title, help, detail } = explain(problem, t);
      const message = detail ? `${help} ${t.details}: ${detail}` : help;
      notifications.show({ title, message, color: "red", autoClose: false, role: "alert" });
    },
    [t],
  );
  return { success, error };
}
