/** The audit log: changes and refused requests, with who made them. */
import { Code, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { api, type Schemas, unwrap } from "../../api/client";
import { CursorTable } from "../../components/cursor-table";
import { PageHeader } from "../../components/page-header";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { dictionary, useWords } from "../../language";

type Row = Schemas["AuditRow"];

const words = dictionary(
  {
    title: "Audit log",
    help: "Changes and refused requests of people, tools and app servers. Secrets are left out.",
    action: "Action",
    actor: "Actor",
    at: "Time",
    application: "Application",
    address: "IP address",
    outcome: "Result",
    done: "done",
    parameters: "Parameters",
    none: "No changes yet",
  },
  {
    title: "操作日志",
    help: "人员、工具与应用服务器的修改与被拒绝的请求，不含密钥等敏感内容。",
    action: "操作",
    actor: "操作者",
    at: "时间",
    application: "应用",
    address: "来源地址",
    outcome: "结果",
    done: "已执行",
    parameters: "内容",
    none: "还没有任何修改",
  },
);

export default function Audit() {
  const t = useWords(words);
  const format = useFormat();
  const result = useInfiniteQuery({
    queryKey: ["audit"],
    initialPageParam: 0,
    // The stream does not announce audit entries: fetch them whenever the view opens.
    staleTime: 0,
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/v1/audit", { params: { query: { cursor: pageParam, limit: 50 } } })),
    getNextPageParam: (page) => page.nextCursor || undefined,
  });
  return (
    <>
      <PageHeader title={t.title} help={t.help} />
      <CursorTable
        query={result}
        label={t.title}
        rows={(page) => page.items}
        rowKey={(row: Row) => row.number}
        empty={<Empty title={t.none} />}
        columns={[
          { key: "action", title: t.action, cell: (row) => <Action row={row} /> },
          { key: "actor", title: t.actor, cell: (row) => row.actor },
          { key: "at", title: t.at, width: 190, cell: (row) => format.time(row.at) },
          { key: "application", title: t.application, cell: (row) => row.subAppId },
          { key: "address", title: t.address, cell: (row) => row.address },
          { key: "outcome", title: t.outcome, cell: (row) => row.outcome || t.done },
        ]}
      />
    </>
  );
}

function Action({ row }: { readonly row: Row }) {
  return (
    <>
      <Text size="sm" fw={500}>
        {row.action.replace(/^console\./, "")}
      </Text>
      {row.parameters && row.parameters !== "{}" && (
        <Code style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>{row.parameters}</Code>
      )}
    </>
  );
}
