import { Anchor, Badge, Box, Group, Progress, Text } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { Failure } from "../../components/failure";
import { Loading } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { to } from "../../router";
import { kindWords } from "../../vocabulary";
import { EventState } from "../events/event-state";
import classes from "./details.module.css";
import { words } from "./words";

type Moment = Schemas["Moment"];

/** The history of a file, newest first, with collapsible bodies, plans and logs. */
export function Story({ query }: { readonly query: UseQueryResult<Schemas["Transcript"]> }) {
  const t = useWords(words);
  return (
    <Box component="section" aria-label={t.transcript} mt="lg">
      <Text component="h2" fw={600} m={0}>
        {t.transcript}
      </Text>
      <Text size="sm" c="dimmed" mb="xs">
        {t.transcriptHelp}
      </Text>
      {query.isPending && <Loading />}
      {query.error && <Failure problem={query.error} retry={() => void query.refetch()} />}
      <ol className={classes.story} reversed>
        {[...(query.data?.items ?? [])].reverse().map((moment) => (
          <li key={keyOf(moment)}>
            <MomentEntry moment={moment} />
          </li>
        ))}
      </ol>
    </Box>
  );
}

function keyOf({ event, task, at }: Moment): string {
  if (event) return `event${event.eventId}`;
  return task ? `task${task.taskId}` : `decision${at}`;
}

function MomentEntry({ moment }: { readonly moment: Moment }) {
  if (moment.event) return <EventMoment event={moment.event} />;
  if (moment.task) return <TaskMoment task={moment.task} />;
  return moment.decision ? <DecisionMoment decision={moment.decision} /> : null;
}

interface LineProps {
  readonly title: string;
  readonly at: number;
  readonly children?: ReactNode;
}

function Line({ title, at, children }: LineProps) {
  const format = useFormat();
  return (
    <Group gap="sm">
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {children}
      <Text size="sm" c="dimmed">
        {format.time(at)}
      </Text>
    </Group>
  );
}

function EventMoment({ event }: { readonly event: Schemas["EventDetail"] }) {
  const t = useWords(words);
  const format = useFormat();
  return (
    <>
      <Line title={t.event(event.type)} at={event.createdAt}>
        <EventState state={event.state} />
        {event.attempts > 0 && <Text size="sm">{t.attempts(format.number(event.attempts))}</Text>}
        <Anchor size="sm" href={to(`/events/${event.eventId}`)}>
          {t.showEvent}
        </Anchor>
      </Line>
      <Fold title={t.body} text={event.body ? JSON.stringify(event.body, null, 2) : ""} />
    </>
  );
}

function TaskMoment({ task }: { readonly task: Schemas["TaskDetail"] }) {
  const t = useWords(words);
  const kinds = useWords(kindWords);
  const title = task.procedure ? `${kinds[task.type]} · ${task.procedure}` : kinds[task.type];
  const running = task.finishedAt === null;
  return (
    <>
      <Line title={title} at={task.createdAt}>
        <Badge variant="default">{t[task.status]}</Badge>
        <Anchor size="sm" href={to(`/tasks/${task.taskId}`)}>
          {t.showTask}
        </Anchor>
      </Line>
      {running && <Progress value={task.progress} my={6} maw={420} aria-label={t.progress(title)} />}
      <ul className={classes.parts}>
        {task.items.map((part) => (
          <li key={part.number}>
            <Part part={part} />
          </li>
        ))}
      </ul>
    </>
  );
}

function Part({ part }: { readonly part: Schemas["SubTaskRow"] }) {
  const t = useWords(words);
  const kinds = useWords(kindWords);
  const format = useFormat();
  return (
    <>
      <Text size="sm" span>
        {kinds[part.kind]} {part.definition || ""} · {t[part.status]} · {format.percent(part.progress)}
      </Text>
      {part.status === "FAIL" && part.message && (
        <Text size="sm" c="var(--mantine-color-error)" style={{ overflowWrap: "anywhere" }}>
          {part.errCodeExt} {part.message}
        </Text>
      )}
      <Fold title={t.plan} text={part.plan} />
      <Fold title={t.log} text={part.log} />
    </>
  );
}

function DecisionMoment({ decision }: { readonly decision: Schemas["Decision"] }) {
  const t = useWords(words);
  return (
    <>
      <Line title={decision.accepted ? t.accepted : t.blocked} at={decision.decidedAt}>
        <Text size="sm">{t.decidedBy(decision.decidedBy)}</Text>
      </Line>
      {decision.note && <Text size="sm">{decision.note}</Text>}
    </>
  );
}

function Fold({ title, text }: { readonly title: string; readonly text: string }) {
  if (!text) return null;
  return (
    <details>
      <summary className={classes.summary}>{title}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it must be scrollable by keyboard */}
      <pre className={classes.text} tabIndex={0}>
        {text}
      </pre>
    </details>
  );
}
