import { Alert, Button, Paper, Progress, SimpleGrid, Text } from "@mantine/core";
import { type QueryClient, queryOptions, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { Failure } from "../../components/failure";
import { PageHeader } from "../../components/page-header";
import { Empty, Loading } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { to } from "../../router";
import { titles } from "../../words";
import classes from "./dashboard.module.css";
import { Uploads } from "./uploads";
import { words } from "./words";

const LOW_SHARE = 0.1;

function figuresOf(subAppId: number) {
  return queryOptions({
    queryKey: ["dashboard", subAppId],
    queryFn: () => unwrap(api.GET("/api/v1/dashboard", { params: { query: { subAppId, days: 30 } } })),
  });
}

export function prefetch(queries: QueryClient, subAppId: number): void {
  void queries.prefetchQuery(figuresOf(subAppId));
}

export default function Dashboard() {
  const title = useWords(titles).dashboard;
  const { subAppId } = useApplication();
  const result = useQuery(figuresOf(subAppId));
  return (
    <>
      <PageHeader title={title} />
      {result.isPending && <Loading />}
      {result.error && <Failure problem={result.error} retry={() => void result.refetch()} />}
      {result.data && <Figures figures={result.data} />}
    </>
  );
}

function Figures({ figures }: { readonly figures: Schemas["Dashboard"] }) {
  const t = useWords(words);
  const format = useFormat();
  const waiting = t.waiting(format.number(figures.waitingTasks));
  return (
    <>
      <SimpleGrid cols={{ base: 2, sm: 3, lg: 6 }} spacing="sm" mb="lg">
        <Card label={t.files} value={format.number(figures.files)} path="/media" />
        <Card label={t.stored} value={format.bytes(figures.bytes)} />
        <Card label={t.running} value={format.number(figures.runningTasks)} help={waiting} path="/tasks" />
        <Card
          label={t.failures}
          value={format.number(figures.failures)}
          help={t.failuresHelp}
          bad={figures.failures > 0}
        />
        <Card
          label={t.dead}
          value={format.number(figures.deadLetters)}
          help={t.deadHelp}
          bad={figures.deadLetters > 0}
          path="/endpoints"
        />
        <Card label={t.reviews} value={format.number(figures.reviews)} path="/reviews" />
      </SimpleGrid>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="sm" style={{ alignItems: "start" }}>
        <Panel title={t.uploads} help={t.uploadsHelp}>
          {figures.uploads.some((day) => day.files > 0) ? (
            <Uploads days={figures.uploads} />
          ) : (
            <Empty title={t.none} help={t.noneHelp}>
              <Button component="a" href={to("/upload")} size="xs">
                {t.upload}
              </Button>
            </Empty>
          )}
        </Panel>
        <Disk disk={figures.disk} />
      </SimpleGrid>
    </>
  );
}

interface CardProps {
  readonly label: string;
  readonly value: string;
  readonly help?: string;
  readonly bad?: boolean;
  /** Address of the view with the details. */
  readonly path?: string;
}

function Card({ label, value, help, bad = false, path }: CardProps) {
  return (
    <Paper withBorder p="md" pos="relative" {...(path ? { className: classes.linked } : {})}>
      <Text size="sm" c="dimmed">
        {path ? (
          <a href={to(path)} className={classes.link}>
            {label}
          </a>
        ) : (
          label
        )}
      </Text>
      <Text size="xl" fw={700} {...(bad ? { c: "var(--mantine-color-error)" } : {})}>
        {value}
      </Text>
      {help && (
        <Text size="xs" c="dimmed">
          {help}
        </Text>
      )}
    </Paper>
  );
}

interface PanelProps {
  readonly title: string;
  readonly help?: string;
  readonly children: ReactNode;
}

function Panel({ title, help, children }: PanelProps) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Text component="h2" fw={600} m={0}>
        {title}
      </Text>
      {help && (
        <Text size="xs" c="dimmed" mb="sm">
          {help}
        </Text>
      )}
      {children}
    </Paper>
  );
}

function Disk({ disk }: { readonly disk: Schemas["DiskRoom"] }) {
  const t = useWords(words);
  const format = useFormat();
  const used = disk.total > 0 ? ((disk.total - disk.free) / disk.total) * 100 : 0;
  const low = disk.free < disk.total * LOW_SHARE;
  const share = t.diskUsed(format.percent(used));
  return (
    <Panel title={t.disk} help={t.free(format.bytes(disk.free), format.bytes(disk.total))}>
      <Progress value={used} color={low ? "red.9" : "blue.8"} size="lg" aria-label={share} />
      <Text size="sm" mt="xs">
        {share}
      </Text>
      {low && (
        <Alert color="red" mt="sm" role="alert">
          {t.diskLow}
        </Alert>
      )}
    </Panel>
  );
}
