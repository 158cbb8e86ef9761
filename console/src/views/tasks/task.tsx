/** One task: its sub-tasks with progress, commands, logs and failures. */
import { Accordion, Alert, Anchor, Button, Group, Stack, Text, Title } from "@mantine/core";
import { IconPlayerStop, IconRefresh } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { CodeBlock, json } from "../../components/code-block";
import { useConfirm } from "../../components/confirm";
import { Facts } from "../../components/facts";
import { Failure } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { Loading } from "../../components/states";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { to } from "../../router";
import { useSession } from "../../session";
import type { Params } from "../../view";
import { kindWords } from "../../vocabulary";
import { useLiveTasks } from "./live-tasks";
import { Bar, SubTaskState, TaskProgress, TaskState } from "./task-state";
import { advice, adviceFor, words } from "./words";

type Detail = Schemas["TaskDetail"];
type Part = Schemas["SubTaskRow"];
const INVALIDATES = ["tasks", "task"];

export default function TaskView({ params }: { readonly params: Params }) {
  const taskId = params.taskId ?? "";
  const result = useQuery({
    queryKey: ["task", taskId],
    queryFn: ({ signal }) => unwrap(api.GET("/api/v1/tasks/{taskId}", { params: { path: { taskId } }, signal })),
  });
  if (result.isPending) return <Loading tall />;
  if (!result.data) return <Failure problem={result.error} retry={() => void result.refetch()} />;
  return <Shown task={result.data} />;
}

function Shown({ task }: { readonly task: Detail }) {
  const t = useWords(words);
  const kinds = useWords(kindWords);
  const live = useLiveTasks()(task);
  return (
    <>
      <PageHeader title={`${t.task}: ${task.procedure || kinds[task.type]}`} help={task.taskId}>
        <RowActions task={live} />
      </PageHeader>
      <Stack gap="xs" mb="md" maw={480} aria-live="polite">
        <Group gap="xs">
          <TaskState task={live} />
          <Text size="sm">{t.parts(live.done, live.subTasks, live.failed)}</Text>
        </Group>
        <TaskProgress task={live} />
      </Stack>
      <TaskFacts task={live} />
      <Title order={2} size="h4" mb="xs">
        {t.subTasks}
      </Title>
      <Accordion
        multiple
        variant="separated"
        defaultValue={task.items.filter(isFailed).map((each) => `${each.number}`)}
      >
        {task.items.map((part) => (
          <SubTask key={part.number} task={task} part={part} />
        ))}
      </Accordion>
    </>
  );
}

const isFailed = (part: Part) => part.status === "FAIL";
const isEnded = (task: Detail) => task.status === "FINISH" || task.status === "ABORTED";

function useRetry(task: Detail) {
  const t = useWords(words);
  const action = useAction();
  const params = { path: { taskId: task.taskId } };
  const retry = (number: number | null) =>
    action.run(() => unwrap(api.POST("/api/v1/tasks/{taskId}/retry", { params, body: { number } })), {
      success: t.retried,
      invalidates: INVALIDATES,
    });
  return { busy: action.busy, retry };
}

function RowActions({ task }: { readonly task: Detail }) {
  const t = useWords(words);
  const { may } = useSession();
  const confirm = useConfirm();
  const action = useAction();
  const { busy, retry } = useRetry(task);
  if (!may("operator")) return null;
  const abort = async () => {
    if (!(await confirm({ title: t.abortTitle, body: t.abortText, action: t.abort, danger: true }))) return;
    const params = { path: { taskId: task.taskId } };
    await action.run(() => unwrap(api.POST("/api/v1/tasks/{taskId}/abort", { params })), {
      success: t.aborted,
      invalidates: INVALIDATES,
    });
  };
  return (
    <>
      {isEnded(task) && task.failed > 0 && (
        <Button leftSection={<IconRefresh size={16} aria-hidden />} loading={busy} onClick={() => void retry(null)}>
          {t.retryFailed}
        </Button>
      )}
      {!isEnded(task) && (
        <Button
          color="red.9"
          leftSection={<IconPlayerStop size={16} aria-hidden />}
          loading={action.busy}
          disabled={task.abortRequested}
          onClick={() => void abort()}
        >
          {t.abort}
        </Button>
      )}
    </>
  );
}

function TaskFacts({ task }: { readonly task: Detail }) {
  const t = useWords(words);
  const kinds = useWords(kindWords);
  const format = useFormat();
  const file = task.fileId && (
    <>
      <Anchor href={to(`/media/${task.fileId}`)}>{task.fileId}</Anchor>{" "}
      <Anchor href={to("/events", { fileId: task.fileId })}>{t.toEvents}</Anchor>
    </>
  );
  const facts: [string, ReactNode][] = [
    [t.file, file || "–"],
    [t.type, kinds[task.type]],
    [t.created, format.time(task.createdAt)],
    [t.started, format.time(task.startedAt)],
    [t.finished, format.time(task.finishedAt)],
    [t.run, format.number(task.run + 1)],
  ];
  if (task.sessionId) facts.push([t.session, task.sessionId]);
  if (task.sessionContext) facts.push([t.context, task.sessionContext]);
  return <Facts facts={facts} />;
}

function SubTask({ task, part }: { readonly task: Detail; readonly part: Part }) {
  const t = useWords(words);
  const kind = useWords(kindWords)[part.kind];
  return (
    <Accordion.Item value={`${part.number}`}>
      <Accordion.Control>
        <Group gap="sm">
          <Text fw={600} size="sm">
            {kind}
          </Text>
          <Text size="sm" c="dimmed">
            {t.template(part.definition)}
          </Text>
          <SubTaskState status={part.status} />
        </Group>
      </Accordion.Control>
      <Accordion.Panel>
        <Stack gap="md">
          {part.status === "PROCESSING" && (
            <Bar percent={part.progress} label={`${t.progress}: ${kind} ${part.definition}`} />
          )}
          {isFailed(part) && <PartFailure part={part} />}
          <PartFacts part={part} />
          <RetryOne task={task} part={part} />
          {part.plan ? <CodeBlock label={t.plan} text={part.plan} /> : <Text size="sm">{t.noPlan}</Text>}
          {part.log && <CodeBlock label={t.log} text={part.log} />}
          {part.output && <CodeBlock label={t.output} text={json(part.output)} />}
          <CodeBlock label={t.input} text={json(part.input)} />
        </Stack>
      </Accordion.Panel>
    </Accordion.Item>
  );
}

function PartFailure({ part }: { readonly part: Part }) {
  const t = useWords(words);
  return (
    <Alert color="red" title={part.errCodeExt || t.FAIL}>
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {part.message}
      </Text>
      <Text size="sm" fw={600} mt="xs">
        {adviceFor(useWords(advice), part.errCodeExt)}
      </Text>
    </Alert>
  );
}

function PartFacts({ part }: { readonly part: Part }) {
  const t = useWords(words);
  const format = useFormat();
  return (
    <Facts
      facts={[
        [t.started, format.time(part.beganAt)],
        [t.finished, format.time(part.finishedAt)],
        [t.attempts, format.number(part.attempts)],
      ]}
    />
  );
}

function RetryOne({ task, part }: { readonly task: Detail; readonly part: Part }) {
  const t = useWords(words);
  const { may } = useSession();
  const { busy, retry } = useRetry(task);
  if (!may("operator") || !isEnded(task)) return null;
  return (
    <Button
      size="xs"
      variant="default"
      leftSection={<IconRefresh size={14} aria-hidden />}
      style={{ alignSelf: "flex-start" }}
      loading={busy}
      onClick={() => void retry(part.number)}
    >
      {t.retryOne}
    </Button>
  );
}
