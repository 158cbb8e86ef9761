import { Button, Group, Modal, Select, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { act, api, ask } from "../../api/client";
import { useApplication } from "../../application";
import { Failure, useNotify } from "../../components/failure";
import { Loading } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { states } from "../../words";
import classes from "./details.module.css";
import { words as dictionary } from "./words";

const MOST = 100;

/** The procedures that an application can run. */
export function useProcedures(wanted = true) {
  const { subAppId } = useApplication();
  return useQuery({
    queryKey: ["procedures", subAppId, "names"],
    enabled: wanted,
    queryFn: async () => {
      const found = await act("DescribeProcedureTemplates", { SubAppId: subAppId, Limit: MOST });
      return found.ProcedureTemplateSet.map(({ Name: value, Comment: comment }) => ({
        value,
        label: comment ? `${value} — ${comment}` : value,
      }));
    },
  });
}

interface Props {
  readonly fileId: string;
  readonly opened: boolean;
  readonly close: () => void;
}

export function Process({ fileId, opened, close }: Props) {
  const words = useWords(dictionary);
  const { close: closeWord } = useWords(states);
  return (
    <Modal opened={opened} onClose={close} title={words.process} closeButtonProps={{ "aria-label": closeWord }}>
      <Choice fileId={fileId} close={close} />
    </Modal>
  );
}

function Choice({ fileId, close }: Omit<Props, "opened">) {
  const words = useWords(dictionary);
  const { cancel } = useWords(states);
  const notify = useNotify();
  const queries = useQueryClient();
  const { subAppId } = useApplication();
  const procedures = useProcedures();
  const [chosen, choose] = useState<string | null>(null);
  const start = useMutation({
    mutationFn: (name: string) =>
      act("ProcessMediaByProcedure", { SubAppId: subAppId, FileId: fileId, ProcedureName: name }),
    onSuccess: async () => {
      notify.done(words.started);
      close();
      await Promise.all(
        ["transcript", "tasks", "states"].map((kind) => queries.invalidateQueries({ queryKey: [kind] })),
      );
    },
  });
  if (procedures.isPending) return <Loading />;
  if (procedures.error) return <Failure problem={procedures.error} retry={() => void procedures.refetch()} />;
  return (
    <Stack>
      <Text size="sm">{procedures.data.length > 0 ? words.processHelp : words.noProcedures}</Text>
      <Select
        label={words.procedure}
        data={procedures.data}
        value={chosen}
        onChange={choose}
        searchable
        data-autofocus
      />
      {chosen && <Plan fileId={fileId} procedure={chosen} />}
      {start.error && <Failure problem={start.error} />}
      <Group justify="flex-end">
        <Button variant="default" onClick={close}>
          {cancel}
        </Button>
        <Button disabled={!chosen} loading={start.isPending} onClick={() => chosen && start.mutate(chosen)}>
          {words.start}
        </Button>
      </Group>
    </Stack>
  );
}

/** What the procedure would do to this file: nothing is started by looking. */
function Plan({ fileId, procedure }: { readonly fileId: string; readonly procedure: string }) {
  const words = useWords(dictionary);
  const format = useFormat();
  const { subAppId } = useApplication();
  const found = useQuery({
    queryKey: ["plan", subAppId, fileId, procedure],
    queryFn: () => ask(api.POST("/api/v1/plan-preview", { body: { subAppId, fileId, procedure } })),
  });
  if (found.isPending) return <Loading />;
  if (found.error) return <Failure problem={found.error} retry={() => void found.refetch()} />;
  return (
    <details>
      <summary>{words.planOf(format.number(found.data.jobs.length))}</summary>
      {found.data.jobs.map((job) => (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and has to with the keyboard too
        <pre key={job.name} className={classes.text} tabIndex={0}>
          {[job.name, ...job.commands].join("\n")}
        </pre>
      ))}
      {found.data.failures.map((failure) => (
        <pre key={JSON.stringify(failure)} className={classes.text}>
          {JSON.stringify(failure, null, 2)}
        </pre>
      ))}
    </details>
  );
}
