/** What media addresses begin with, and the key of player pages. */
import { Card, Group, NativeSelect, Stack, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type ActionAnswer, act } from "../../api/client";
import { useApplication } from "../../application";
import { Facts } from "../../components/facts";
import { Failure } from "../../components/failure";
import { FormDialog } from "../../components/form-dialog";
import { RowButton } from "../../components/row-button";
import { Loading } from "../../components/states";
import { useWords } from "../../language";
import { Hidden } from "./hidden";
import { words } from "./words";

type Known = ActionAnswer<"DescribeDefaultDistributionConfig">;

export function Distribution({ domains }: { readonly domains: readonly string[] }) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [changing, setChanging] = useState(false);
  const found = useQuery({
    queryKey: ["distribution", subAppId],
    queryFn: () => act("DescribeDefaultDistributionConfig", { SubAppId: subAppId }),
  });
  if (found.isPending) return <Loading />;
  if (!found.data) return <Failure problem={found.error} retry={() => void found.refetch()} />;
  const { Domain, Scheme, PlayKey } = found.data;
  return (
    <Card component="section" withBorder aria-label={said.default}>
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          {said.default}
        </Title>
        <RowButton text={said.change} of={said.default} act={() => setChanging(true)} />
      </Group>
      <Stack gap="xs">
        <Facts
          facts={[
            [said.domain, Domain],
            [said.scheme, Scheme],
          ]}
        />
        <Hidden label={said.playKey} value={PlayKey} />
      </Stack>
      {changing && <Changing known={found.data} domains={domains} close={() => setChanging(false)} />}
    </Card>
  );
}

interface ChangingProps {
  readonly known: Known;
  readonly domains: readonly string[];
  readonly close: () => void;
}

function Changing({ known, domains, close }: ChangingProps) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [domain, setDomain] = useState(known.Domain);
  const [scheme, setScheme] = useState(known.Scheme);
  const [playKey, setPlayKey] = useState("");
  const send = () => {
    const body = { SubAppId: subAppId, Domain: domain, Scheme: scheme as "HTTP" | "HTTPS" };
    return act("ModifyDefaultDistributionConfig", playKey ? { ...body, PlayKey: playKey } : body);
  };
  return (
    <FormDialog
      title={said.default}
      action={said.save}
      close={close}
      send={send}
      done={said.saved}
      renew={["distribution", "media", "file"]}
    >
      <NativeSelect
        label={said.domain}
        value={domain}
        data={[...domains]}
        onChange={(event) => setDomain(event.currentTarget.value)}
      />
      <NativeSelect
        label={said.scheme}
        value={scheme}
        data={["HTTP", "HTTPS"]}
        onChange={(event) => setScheme(event.currentTarget.value)}
      />
      <TextInput
        label={said.playKey}
        description={said.playKeyHelp}
        autoComplete="off"
        maxLength={20}
        value={playKey}
        onChange={(event) => setPlayKey(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
