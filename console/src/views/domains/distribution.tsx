/** The prefix of media addresses, and the key of player signatures. */
import { Card, Group, NativeSelect, Stack, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ActionAnswer, callAction } from "../../api/client";
import { useApplication } from "../../application";
import { Facts } from "../../components/facts";
import { Failure } from "../../components/failure";
import { FormDialog } from "../../components/form-dialog";
import { RowButton } from "../../components/row-button";
import { Loading } from "../../components/states";
import { useWords } from "../../language";
import { MaskedSecret } from "./masked-secret";
import { words } from "./words";

type Known = ActionAnswer<"DescribeDefaultDistributionConfig">;

export function Distribution({ domains }: { readonly domains: readonly string[] }) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [changing, setChanging] = useState(false);
  const result = useQuery({
    queryKey: ["distribution", subAppId],
    queryFn: () => callAction("DescribeDefaultDistributionConfig", { SubAppId: subAppId }),
  });
  if (result.isPending) return <Loading />;
  if (!result.data) return <Failure problem={result.error} retry={() => void result.refetch()} />;
  const { Domain, Scheme, PlayKey } = result.data;
  return (
    <Card component="section" withBorder aria-label={t.default}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {t.default}
        </Title>
        <RowButton label={t.change} subject={t.default} onClick={() => setChanging(true)} />
      </Group>
      <Stack gap="xs">
        <Facts
          facts={[
            [t.domain, Domain],
            [t.scheme, Scheme],
          ]}
        />
        <MaskedSecret label={t.playKey} value={PlayKey} />
      </Stack>
      {changing && <DistributionDialog known={result.data} domains={domains} onClose={() => setChanging(false)} />}
    </Card>
  );
}

interface DialogProps {
  readonly known: Known;
  readonly domains: readonly string[];
  readonly onClose: () => void;
}

function DistributionDialog({ known, domains, onClose }: DialogProps) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [domain, setDomain] = useState(known.Domain);
  const [scheme, setScheme] = useState(known.Scheme);
  const [playKey, setPlayKey] = useState("");
  const send = () => {
    const body = { SubAppId: subAppId, Domain: domain, Scheme: scheme as "HTTP" | "HTTPS" };
    return callAction("ModifyDefaultDistributionConfig", playKey ? { ...body, PlayKey: playKey } : body);
  };
  return (
    <FormDialog
      title={t.default}
      submitLabel={t.save}
      onClose={onClose}
      onSubmit={send}
      success={t.saved}
      invalidates={["distribution", "media", "file"]}
    >
      <NativeSelect
        label={t.domain}
        value={domain}
        data={[...domains]}
        onChange={(event) => setDomain(event.currentTarget.value)}
      />
      <NativeSelect
        label={t.scheme}
        value={scheme}
        data={["HTTP", "HTTPS"]}
        onChange={(event) => setScheme(event.currentTarget.value)}
      />
      <TextInput
        label={t.playKey}
        description={t.playKeyHelp}
        autoComplete="off"
        maxLength={20}
        value={playKey}
        onChange={(event) => setPlayKey(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
