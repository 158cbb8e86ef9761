/** All tasks of the application, updated by the live stream. */
import { Group, NativeSelect, TextInput } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { CursorTable } from "../../components/cursor-table";
import { FileName, useFileNames } from "../../components/file-names";
import { PageHeader } from "../../components/page-header";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { changeQuery, to, useAddress } from "../../router";
import { kindWords } from "../../vocabulary";
import { useLiveTasks } from "./live-tasks";
import { TaskProgress, TaskState } from "./task-state";
import { words } from "./words";

type Row = Schemas["TaskRow"];
const STATES = ["WAITING", "PROCESSING", "FINISH", "ABORTED"] as const;

export default function Tasks() {
  const t = useWords(words);
  const kinds = useWords(kindWords);
  const format = useFormat();
  const { subAppId } = useApplication();
  const { query } = useAddress();
  const status = STATES.find((each) => each === query.get("status"));
  const fileId = query.get("fileId") ?? "";
  const live = useLiveTasks();
  const result = useInfiniteQuery({
    queryKey: ["tasks", subAppId, status, fileId],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) => {
      const query = { subAppId, fileId, cursor: pageParam, limit: 30, ...(status ? { status } : {}) };
      return unwrap(api.GET("/api/v1/tasks", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.nextCursor || undefined,
  });
  const names = useFileNames(result.data?.pages.flatMap((page) => page.items.map((row) => row.fileId)) ?? []);
  const filtered = status !== undefined || fileId !== "";
  return (
    <>
      <PageHeader title={t.title} />
      <Group mb="md" align="flex-end">
        <NativeSelect
          label={t.filterStatus}
          value={status ?? ""}
          data={[{ value: "", label: t.all }, ...STATES.map((each) => ({ value: each, label: t[each] }))]}
          onChange={(event) => changeQuery({ status: event.currentTarget.value })}
        />
        <TextInput
          label={t.filterFile}
          value={fileId}
          onChange={(event) => changeQuery({ fileId: event.currentTarget.value.trim() })}
        />
      </Group>
      <CursorTable
        query={result}
        label={t.title}
        rows={(page) => page.items}
        rowKey={(row: Row) => row.taskId}
        href={(row) => to(`/tasks/${row.taskId}`)}
        empty={<Empty title={filtered ? t.noneFound : t.none} />}
        columns={[
          { key: "task", title: t.task, cell: (row) => row.procedure || kinds[row.type] },
          { key: "file", title: t.file, cell: (row) => <FileName fileId={row.fileId} names={names} /> },
          { key: "status", title: t.status, cell: (row) => <TaskState task={live(row)} /> },
          { key: "progress", title: t.progress, cell: (row) => <TaskProgress task={live(row)} /> },
          { key: "created", title: t.createdColumn, cell: (row) => format.time(row.createdAt) },
        ]}
      />
    </>
  );
}
