/** Creates a link signed with the KEY, and says why a given link is refused. */
import { Alert, Button, Card, Group, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { CodeBlock } from "../../components/code-block";
import { Failure } from "../../components/failure";
import { useAction } from "../../components/use-action";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { words } from "./link-words";

const HOUR_SECONDS = 3600;

export function LinkMaker() {
  const t = useWords(words);
  return (
    <Card component="section" withBorder aria-label={t.title}>
      <Stack>
        <Title order={2} size="h4">
          {t.title}
        </Title>
        <CreateLink />
        <CheckLink />
      </Stack>
    </Card>
  );
}

function CreateLink() {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [url, setUrl] = useState("");
  const [hours, setHours] = useState<number | string>(1);
  const [preview, setPreview] = useState<number | string>(0);
  const [addresses, setAddresses] = useState<number | string>(0);
  const [made, setMade] = useState<Schemas["MadeLink"] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const action = useAction();
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    const seconds = Math.round(Number(hours) * HOUR_SECONDS);
    const limits = { preview: Number(preview), mostAddresses: Number(addresses) };
    const body = { subAppId, url: url.trim(), seconds, ...limits };
    const link = await action.run(() => unwrap(api.POST("/api/v1/links", { body })), { onError: setProblem });
    setMade(link ?? null);
  };
  return (
    <form onSubmit={make} noValidate>
      <Stack gap="sm">
        <TextInput
          label={t.address}
          description={t.addressHelp}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <Group align="flex-end">
          <NumberInput label={t.hours} min={0.1} w={150} value={hours} onChange={setHours} />
          <NumberInput label={t.preview} min={0} step={10} w={220} value={preview} onChange={setPreview} />
          <NumberInput label={t.addresses} min={0} max={9} w={220} value={addresses} onChange={setAddresses} />
          <Button type="submit" variant="default" disabled={!url} loading={action.busy}>
            {t.make}
          </Button>
        </Group>
        {problem !== null && <Failure problem={problem} />}
        {made && <CodeBlock label={made.signed ? t.link : t.open} text={made.url} />}
      </Stack>
    </form>
  );
}

function CheckLink() {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [url, setUrl] = useState("");
  const [verdict, setVerdict] = useState<Schemas["LinkVerdict"] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const action = useAction();
  const check = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    const body = { subAppId, url: url.trim() };
    const checked = await action.run(() => unwrap(api.POST("/api/v1/links/check", { body })), { onError: setProblem });
    setVerdict(checked ?? null);
  };
  return (
    <form onSubmit={check} noValidate>
      <Stack gap="sm">
        <Group align="flex-end">
          <TextInput
            flex={1}
            miw={220}
            label={t.test}
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={!url} loading={action.busy}>
            {t.judge}
          </Button>
        </Group>
        {problem !== null && <Failure problem={problem} />}
        {verdict && <Verdict verdict={verdict} />}
      </Stack>
    </form>
  );
}

function Verdict({ verdict }: { readonly verdict: Schemas["LinkVerdict"] }) {
  const t = useWords(words);
  const format = useFormat();
  if (!verdict.opens) {
    return (
      <Alert color="red" role="status" title={t.refused}>
        <Text size="sm">{t[verdict.code as "hotlink.unsigned"] ?? verdict.message}</Text>
        <Text size="sm" c="dimmed">
          {verdict.code}: {verdict.message}
        </Text>
      </Alert>
    );
  }
  const limits = [
    verdict.expiresAt ? t.until(format.time(verdict.expiresAt)) : "",
    verdict.preview ? t.onlyFirst(format.number(verdict.preview)) : "",
    verdict.mostAddresses ? t.onlyFrom(format.number(verdict.mostAddresses)) : "",
  ];
  return (
    <Alert color="teal" role="status" title={t.opens}>
      {limits.filter(Boolean).join(" · ")}
    </Alert>
  );
}
