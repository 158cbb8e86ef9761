/** The commands that a template or procedure would run on a file; fetched on demand, since they depend on unsaved fields. */
import { Alert, Badge, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconListDetails } from "@tabler/icons-react";
import { useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { CodeBlock } from "../../components/code-block";
import { Failure } from "../../components/failure";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { FilePicker } from "./file-picker";
import { words } from "./words";

type Subject = Pick<Schemas["PreviewRequest"], "procedure" | "draft" | "template">;
type Plan = Schemas["PlanPreview"];

interface Props {
  /** The template or procedure to plan; null while it has errors. */
  readonly subject: () => Subject | null;
}

export function PlanPreview({ subject }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [fileId, setFileId] = useState("");
  const [plan, setPlan] = useState<Plan | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [wrong, setWrong] = useState(false);
  const action = useAction();
  const show = async () => {
    const target = subject();
    setWrong(target === null);
    if (!target) return;
    setProblem(null);
    const body = { subAppId, fileId, ...target };
    const made = await action.run(() => unwrap(api.POST("/api/v1/plan-preview", { body })), { onError: setProblem });
    setPlan(made ?? null);
  };
  return (
    <Card withBorder component="section" aria-label={t.title}>
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t.title}
        </Title>
        <Text size="sm" c="dimmed">
          {t.help}
        </Text>
        <FilePicker value={fileId} choose={setFileId} />
        <Button
          variant="default"
          style={{ alignSelf: "flex-start" }}
          leftSection={<IconListDetails size={16} aria-hidden />}
          disabled={!fileId}
          loading={action.busy}
          onClick={() => void show()}
        >
          {t.show}
        </Button>
        <div aria-live="polite">
          {wrong && <Text c="var(--mantine-color-error)">{t.wrongFirst}</Text>}
          {problem !== null && <Failure problem={problem} />}
          {plan && <Planned plan={plan} />}
        </div>
      </Stack>
    </Card>
  );
}

function Planned({ plan }: { readonly plan: Plan }) {
  const t = useWords(words);
  return (
    <Stack gap="md">
      {plan.failures.length > 0 && (
        <Alert color="red" title={t.failures}>
          {plan.failures.map((each) => (
            <Text key={each.number} size="sm" style={{ overflowWrap: "anywhere" }}>
              {each.errCodeExt}: {each.message}
            </Text>
          ))}
        </Alert>
      )}
      {plan.jobs.length === 0 && plan.failures.length === 0 && <Text>{t.nothing}</Text>}
      {plan.jobs.map((job) => (
        <Job key={job.name} job={job} />
      ))}
    </Stack>
  );
}

function Job({ job }: { readonly job: Schemas["PlannedJob"] }) {
  const t = useWords(words);
  const format = useFormat();
  return (
    <Stack gap={6} data-job={job.name}>
      <Group gap="xs">
        <Text fw={600} size="sm">
          {t.job(job.name)}
        </Text>
        {job.subTasks.map((each) => (
          <Badge key={each.number} variant="light" color="gray">
            {each.type} · {t.template(each.definition)}
          </Badge>
        ))}
        <Text size="sm" c="dimmed">
          {t.cost(format.number(Math.round(job.estimatedCpuSeconds * 10) / 10))}
        </Text>
      </Group>
      <CodeBlock label={t.commands} text={job.commands.join("\n\n")} />
      {job.assets.length > 0 && (
        <Text size="xs" c="dimmed" style={{ overflowWrap: "anywhere" }}>
          {t.makes}: {job.assets.join(", ")}
        </Text>
      )}
    </Stack>
  );
}
