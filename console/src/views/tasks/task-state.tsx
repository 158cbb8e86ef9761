import { Badge, Group, Progress, Text } from "@mantine/core";
import type { Schemas } from "../../api/client";
import { useWords } from "../../language";
import { words } from "./words";

type TaskRow = Schemas["TaskRow"];
type SubTaskRow = Schemas["SubTaskRow"];

/** The state as text. The colour adds no information. */
export function TaskState({ task }: { readonly task: TaskRow }) {
  const t = useWords(words);
  const aborting = task.abortRequested && (task.status === "PROCESSING" || task.status === "WAITING");
  const failed = task.status === "FINISH" && task.failed > 0;
  const text = aborting ? t.aborting : failed ? t.withFailures : t[task.status];
  return (
    <Badge variant="dot" color={failed ? "red" : colourOf(task.status)}>
      {text}
    </Badge>
  );
}

export function SubTaskState({ status }: { readonly status: SubTaskRow["status"] }) {
  return (
    <Badge variant="dot" color={colourOf(status)}>
      {useWords(words)[status]}
    </Badge>
  );
}

function colourOf(status: TaskRow["status"] | SubTaskRow["status"]): string {
  if (status === "FINISH" || status === "SUCCESS") return "green";
  if (status === "FAIL") return "red";
  return status === "PROCESSING" ? "blue" : "gray";
}

export function TaskProgress({ task }: { readonly task: TaskRow }) {
  const t = useWords(words);
  return (
    <Group gap="xs" wrap="nowrap" miw={140}>
      <Bar percent={task.progress} label={t.progress} color={task.failed > 0 ? "red" : undefined} />
      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {task.progress}%{task.subTasks > 0 && ` · ${task.done}/${task.subTasks}`}
      </Text>
    </Group>
  );
}

export function Bar(props: { readonly percent: number; readonly label: string; readonly color?: string | undefined }) {
  return (
    <Progress.Root flex={1} miw={60} size="md">
      <Progress.Section value={props.percent} color={props.color ?? "blue"} aria-label={props.label} />
    </Progress.Root>
  );
}
