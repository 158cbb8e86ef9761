/** Storage regions: names under which uploads are kept apart. */
import { Badge, Button, Group, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useDeed } from "../../components/deed";
import { FormDialog } from "../../components/form-dialog";
import { PageHeader } from "../../components/page-header";
import { RowButton } from "../../components/row-button";
import { RowsTable } from "../../components/rows-table";
import { Empty } from "../../components/states";
import { dictionary, useWords } from "../../language";
import { useSession } from "../../session";

type Row = Schemas["RegionRow"];
const RENEW = ["regions"];

const words = dictionary(
  {
    title: "Storage regions",
    help: "Uploads name the region that they go to; without a name they go to the default one.",
    mayNot: "Your role may look at regions. Admins change them.",
    name: "Region",
    state: "State",
    on: "takes uploads",
    off: "takes none",
    default: "default",
    deeds: "Actions",
    open: "Enable a region",
    openHelp: "Such as ap-beijing",
    close: "Disable",
    reopen: "Enable",
    makeDefault: "Make the default",
    changed: "The regions are changed.",
    none: "No regions",
  },
  {
    title: "存储地域",
    help: "上传时可指定地域，未指定则使用默认地域。",
    mayNot: "您的角色只能查看地域，管理员可以修改。",
    name: "地域",
    state: "状态",
    on: "可上传",
    off: "不可上传",
    default: "默认",
    deeds: "操作",
    open: "启用地域",
    openHelp: "例如 ap-beijing",
    close: "停用",
    reopen: "启用",
    makeDefault: "设为默认",
    changed: "地域已修改。",
    none: "没有地域",
  },
);

function change(name: string, body: Schemas["RegionChange"]) {
  return ask(api.PUT("/api/v1/regions/{name}", { params: { path: { name } }, body }));
}

export default function Regions() {
  const said = useWords(words);
  const { may } = useSession();
  const admin = may("admin");
  const [opening, setOpening] = useState(false);
  const found = useQuery({ queryKey: ["regions"], queryFn: () => ask(api.GET("/api/v1/regions")) });
  const columns = [
    { key: "name", title: said.name, cell: (row: Row) => row.name },
    { key: "state", title: said.state, cell: (row: Row) => <State row={row} /> },
  ];
  return (
    <>
      <PageHeader title={said.title} help={admin ? said.help : said.mayNot}>
        {admin && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setOpening(true)}>
            {said.open}
          </Button>
        )}
      </PageHeader>
      <RowsTable
        query={found}
        label={said.title}
        rows={(answer) => answer.items}
        rowKey={(row) => row.name}
        empty={<Empty title={said.none} />}
        columns={
          admin ? [...columns, { key: "deeds", title: said.deeds, cell: (row: Row) => <Deeds row={row} /> }] : columns
        }
      />
      {opening && <Opening close={() => setOpening(false)} />}
    </>
  );
}

function State({ row }: { readonly row: Row }) {
  const said = useWords(words);
  return (
    <Group gap="xs">
      <Badge variant="dot" color={row.enabled ? "green" : "gray"}>
        {row.enabled ? said.on : said.off}
      </Badge>
      {row.isDefault && <Badge variant="dot">{said.default}</Badge>}
    </Group>
  );
}

function Deeds({ row }: { readonly row: Row }) {
  const said = useWords(words);
  const deed = useDeed();
  if (row.isDefault) return null;
  const button = (text: string, body: Schemas["RegionChange"]) => (
    <RowButton
      text={text}
      of={row.name}
      busy={deed.busy}
      act={() => void deed.run(() => change(row.name, body), { done: said.changed, renew: RENEW })}
    />
  );
  return (
    <Group gap="xs" justify="flex-end">
      {row.enabled && button(said.makeDefault, { isDefault: true })}
      {button(row.enabled ? said.close : said.reopen, { enabled: !row.enabled })}
    </Group>
  );
}

function Opening({ close }: { readonly close: () => void }) {
  const said = useWords(words);
  const [name, setName] = useState("");
  const send = () => change(name.trim(), { enabled: true });
  return (
    <FormDialog title={said.open} action={said.reopen} close={close} send={send} done={said.changed} renew={RENEW}>
      <TextInput
        label={said.name}
        description={said.openHelp}
        maxLength={40}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
