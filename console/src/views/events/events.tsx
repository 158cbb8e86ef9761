/** The application's log of events, the newest first. */
import { Group, Select, TextInput } from "@mantine/core";
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
import { EventState } from "./event-state";
import { EVENT_TYPES, eventType } from "./types";
import { words } from "./words";

type Row = Schemas["EventRow"];
export default function Events() {
  const t = useWords(words);
  const format = useFormat();
  const { subAppId } = useApplication();
  const { query } = useAddress();
  const [type, fileId] = [eventType(query.get("type")), query.get("fileId") ?? ""];
  const result = useInfiniteQuery({
    queryKey: ["events", subAppId, type, fileId],
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) => {
      const query = { subAppId, ...(type && { type }), fileId, cursor: pageParam, limit: 30 };
      return unwrap(api.GET("/api/v1/events", { params: { query }, signal }));
    },
    getNextPageParam: (page) => page.nextCursor || undefined,
  });
  const names = useFileNames(result.data?.pages.flatMap((page) => page.items.map((row) => row.fileId)) ?? []);
  return (
    <>
      <PageHeader title={t.title} />
      <Group mb="md" align="flex-end">
        <Select
          label={t.filterType}
          placeholder={t.all}
          data={EVENT_TYPES}
          clearable
          value={type ?? null}
          onChange={(value) => changeQuery({ type: value ?? "" })}
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
        rowKey={(row: Row) => row.eventId}
        href={(row) => to(`/events/${row.eventId}`)}
        empty={<Empty title={type || fileId ? t.noneFound : t.none} />}
        columns={[
          { key: "type", title: t.type, cell: (row) => row.type },
          { key: "state", title: t.state, cell: (row) => <EventState state={row.state} /> },
          { key: "file", title: t.fileOf, cell: (row) => <FileName fileId={row.fileId} names={names} /> },
          { key: "attempts", title: t.attempts, cell: (row) => format.number(row.attempts) },
          { key: "created", title: t.created, cell: (row) => format.time(row.createdAt) },
        ]}
      />
    </>
  );
}
