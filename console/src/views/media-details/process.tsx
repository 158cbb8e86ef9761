import { Select, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, callAction, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { Failure } from "../../components/failure";
import { FormDialog } from "../../components/form-dialog";
import { QueryState } from "../../components/query-state";
import { Loading } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import classes from "./details.module.css";
import { words } from "./words";

const MOST = 100;

/** The procedures that an application can run. */
export function useProcedures(wanted = true) {
  const { subAppId } = useApplication();
  return useQuery({
    queryKey: ["procedures", subAppId, "names"],
    enabled: wanted,
    queryFn: async () => {
      const answer = await callAction("DescribeProcedureTemplates", { SubAppId: subAppId, Limit: MOST });
      return answer.ProcedureTemplateSet.map(({ Name: value, Comment: comment }) => ({
        value,
        label: comment ? `${value} — ${comment}` : value,
      }));
    },
  });
}

interface Props {
  readonly fileId: string;
  readonly onClose: () => void;
}

export function Process({ fileId, onClose }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const procedures = useProcedures();
  const [chosen, choose] = useState<string | null>(null);
  const start = () =>
    callAction("ProcessMediaByProcedure", { SubAppId: subAppId, FileId: fileId, ProcedureName: chosen ?? "" });
  return (
    <FormDialog
      title={t.process}
      submitLabel={t.start}
      onClose={onClose}
      onSubmit={start}
      success={t.started}
      invalidates={["transcript", "tasks", "states"]}
      incomplete={!chosen}
    >
      <QueryState query={procedures}>
        {(data) => (
          <>
            <Text size="sm">{data.length > 0 ? t.processHelp : t.noProcedures}</Text>
            <Select label={t.procedure} data={data} value={chosen} onChange={choose} searchable data-autofocus />
          </>
        )}
      </QueryState>
      {chosen && <Plan fileId={fileId} procedure={chosen} />}
    </FormDialog>
  );
}

/** The plan of the procedure for this file; showing it does not start a task. */
function Plan({ fileId, procedure }: { readonly fileId: string; readonly procedure: string }) {
  const t = useWords(words);
  const format = useFormat();
  const { subAppId } = useApplication();
  const result = useQuery({
    queryKey: ["plan", subAppId, fileId, procedure],
    queryFn: () => unwrap(api.POST("/api/v1/plan-preview", { body: { subAppId, fileId, procedure } })),
  });
  if (result.isPending) return <Loading />;
  if (result.error) return <Failure problem={result.error} retry={() => void result.refetch()} />;
  return (
    <details>
      <summary>{t.planOf(format.number(result.data.jobs.length))}</summary>
      {result.data.jobs.map((job) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it must be scrollable by keyboard
        <pre key={job.name} className={classes.text} tabIndex={0}>
          {[job.name, ...job.commands].join("\n")}
        </pre>
      ))}
      {result.data.failures.map((failure) => (
        <pre key={JSON.stringify(failure)} className={classes.text}>
          {JSON.stringify(failure, null, 2)}
        </pre>
      ))}
    </details>
  );
}
