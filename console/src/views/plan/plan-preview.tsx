/** What a template or a procedure would run on a file: asked for by hand, since it depends on unsaved fields. */
import { Alert, Badge, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { CodeBlock } from "../../components/code-block";
import { Failure } from "../../components/failure";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { FilePicker } from "./file-picker";
import { words } from "./words";

type Subject = Pick<Schemas["PreviewRequest"], "procedure" | "draft" | "template">;
type Plan = Schemas["PlanPreview"];

interface Props {
  /** What is planned; null: it cannot be sent as it stands. */
  readonly subject: () => Subject | null;
}

export function PlanPreview({ subject }: Props) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [fileId, setFileId] = useState("");
  const [plan, setPlan] = useState<Plan | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState(false);
  const show = async () => {
    const asked = subject();
    setWrong(asked === null);
    if (!asked) return;
    setBusy(true);
    setProblem(null);
    try {
      setPlan(await ask(api.POST("/api/v1/plan-preview", { body: { subAppId, fileId, ...asked } })));
    } catch (error) {
      setPlan(null);
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Card withBorder component="section" aria-label={said.title}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {said.title}
        </Title>
        <Text size="sm" c="dimmed">
          {said.help}
        </Text>
        <FilePicker value={fileId} choose={setFileId} />
        <Button
          variant="default"
          style={{ alignSelf: "flex-start" }}
          leftSection={<IconListDetails size={16} aria-hidden />}
          disabled={!fileId}
          loading={busy}
          onClick={() => void show()}
        >
          {said.show}
        </Button>
        <div aria-live="polite">
          {wrong && <Text c="var(--mantine-color-error)">{said.wrongFirst}</Text>}
          {problem !== null && <Failure problem={problem} />}
          {plan && <Planned plan={plan} />}
        </div>
      </Stack>
    </Card>
  );
}

function Planned({ plan }: { readonly plan: Plan }) {
  const said = useWords(words);
  return (
    <Stack gap="md">
      {plan.failures.length > 0 && (
        <Alert color="red" title={said.failures}>
          {plan.failures.map((each) => (
            <Text key={each.number} size="sm" style={{ overflowWrap: "anywhere" }}>
              {each.errCodeExt}: {each.message}
            </Text>
          ))}
        </Alert>
      )}
      {plan.jobs.length === 0 && plan.failures.length === 0 && <Text>{said.nothing}</Text>}
      {plan.jobs.map((job) => (
        <Job key={job.name} job={job} />
      ))}
    </Stack>
  );
}

function Job({ job }: { readonly job: Schemas["PlannedJob"] }) {
  const said = useWords(words);
  const format = useFormat();
  return (
    <Stack gap={6} data-job={job.name}>
      <Group gap="xs">
        <Text fw={600} size="sm">
          {said.job(job.name)}
        </Text>
        {job.subTasks.map((each) => (
          <Badge key={each.number} variant="light" color="gray">
            {each.type} · {said.template(each.definition)}
          </Badge>
        ))}
        <Text size="sm" c="dimmed">
          {said.cost(format.number(Math.round(job.estimatedCpuSeconds * 10) / 10))}
        </Text>
      </Group>
      <CodeBlock label={said.commands} text={job.commands.join("\n\n")} />
      {job.assets.length > 0 && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {said.makes}: {job.assets.join(", ")}
        </Text>
      )}
    </Stack>
  );
}
