/** Makes a link that opens under a KEY, and tells why another one does not. */
import { Alert, Button, Card, Group, NumberInput, Stack, Text, TextInput, Title } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { CodeBlock } from "../../components/code-block";
import { useDeed } from "../../components/deed";
import { Failure } from "../../components/failure";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { words } from "./link-words";

const HOUR_SECONDS = 3600;

export function LinkMaker() {
  const said = useWords(words);
  return (
    <Card component="section" withBorder aria-label={said.title}>
      <Stack>
        <Title order={2} size="h4">
          {said.title}
        </Title>
        <Making />
        <Judging />
      </Stack>
    </Card>
  );
}

function Making() {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [url, setUrl] = useState("");
  const [hours, setHours] = useState<number | string>(1);
  const [preview, setPreview] = useState<number | string>(0);
  const [addresses, setAddresses] = useState<number | string>(0);
  const [made, setMade] = useState<Schemas["MadeLink"] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const deed = useDeed();
  const make = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    const seconds = Math.round(Number(hours) * HOUR_SECONDS);
    const limits = { preview: Number(preview), mostAddresses: Number(addresses) };
    const body = { subAppId, url: url.trim(), seconds, ...limits };
    const link = await deed.run(() => ask(api.POST("/api/v1/links", { body })), { failed: setProblem });
    setMade(link ?? null);
  };
  return (
    <form onSubmit={make} noValidate>
      <Stack gap="sm">
        <TextInput
          label={said.address}
          description={said.addressHelp}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <Group align="flex-end">
          <NumberInput label={said.hours} min={0.1} w={150} value={hours} onChange={setHours} />
          <NumberInput label={said.preview} min={0} step={10} w={220} value={preview} onChange={setPreview} />
          <NumberInput label={said.addresses} min={0} max={9} w={220} value={addresses} onChange={setAddresses} />
          <Button type="submit" variant="default" disabled={!url} loading={deed.busy}>
            {said.make}
          </Button>
        </Group>
        {problem !== null && <Failure problem={problem} />}
        {made && <CodeBlock label={made.signed ? said.link : said.open} text={made.url} />}
      </Stack>
    </form>
  );
}

function Judging() {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [url, setUrl] = useState("");
  const [verdict, setVerdict] = useState<Schemas["LinkVerdict"] | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const deed = useDeed();
  const judge = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    const body = { subAppId, url: url.trim() };
    const told = await deed.run(() => ask(api.POST("/api/v1/links/check", { body })), { failed: setProblem });
    setVerdict(told ?? null);
  };
  return (
    <form onSubmit={judge} noValidate>
      <Stack gap="sm">
        <Group align="flex-end">
          <TextInput
            flex={1}
            miw={220}
            label={said.test}
            value={url}
            onChange={(event) => setUrl(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={!url} loading={deed.busy}>
            {said.judge}
          </Button>
        </Group>
        {problem !== null && <Failure problem={problem} />}
        {verdict && <Verdict verdict={verdict} />}
      </Stack>
    </form>
  );
}

function Verdict({ verdict }: { readonly verdict: Schemas["LinkVerdict"] }) {
  const said = useWords(words);
  const format = useFormat();
  if (!verdict.opens) {
    return (
      <Alert color="red" role="status" title={said.refused}>
        <Text size="sm">{said[verdict.code as "hotlink.unsigned"] ?? verdict.message}</Text>
        <Text size="sm" c="dimmed">
          {verdict.code}: {verdict.message}
        </Text>
      </Alert>
    );
  }
  const limits = [
    verdict.expiresAt ? said.until(format.time(verdict.expiresAt)) : "",
    verdict.preview ? said.onlyFirst(format.number(verdict.preview)) : "",
    verdict.mostAddresses ? said.onlyFrom(format.number(verdict.mostAddresses)) : "",
  ];
  return (
    <Alert color="teal" role="status" title={said.opens}>
      {limits.filter(Boolean).join(" · ")}
    </Alert>
  );
}
