/** Applications: separate libraries of media with keys, procedures and events of their own. */
import { Badge, Button, Group, Textarea, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, type Schemas } from "../../api/client";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { FormDialog } from "../../components/form-dialog";
import { PageHeader } from "../../components/page-header";
import { RowButton } from "../../components/row-button";
import { RowsTable } from "../../components/rows-table";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { dictionary, useWords } from "../../language";
import { useSession } from "../../session";

type Row = Schemas["ApplicationRow"];
const RENEW = ["applications"];
/** The main application cannot be switched off. */
const MAIN = 1_500_000_001;

const words = dictionary(
  {
    title: "Applications",
    help: "Each has media, keys, procedures, events and domains of its own. Switch between them at the top.",
    mayNot: "Your role may look at applications. Admins change them.",
    name: "Name",
    description: "Description",
    state: "State",
    on: "on",
    off: "off",
    created: "Created",
    deeds: "Actions",
    create: "New application",
    change: "Change",
    changeOf: (name: string) => `Change ${name}`,
    save: "Save",
    turnOff: "Switch off",
    turnOn: "Switch on",
    offTitle: (name: string) => `Switch “${name}” off?`,
    offText: "It takes nothing in and plays nothing until it is switched on again. Nothing is deleted.",
    created_: "The application is there. Make a key for it next.",
    changed: "The application is changed.",
    none: "No applications",
    nameHelp: "1 to 40 characters",
  },
  {
    title: "应用",
    help: "每个应用拥有独立的媒资、密钥、任务流、事件与域名，可在页面顶部切换。",
    mayNot: "您的角色只能查看应用，管理员可以修改。",
    name: "名称",
    description: "描述",
    state: "状态",
    on: "启用",
    off: "停用",
    created: "创建时间",
    deeds: "操作",
    create: "新建应用",
    change: "修改",
    changeOf: (name: string) => `修改 ${name}`,
    save: "保存",
    turnOff: "停用",
    turnOn: "启用",
    offTitle: (name: string) => `停用“${name}”？`,
    offText: "停用期间不能上传与播放，重新启用后恢复，不会删除任何内容。",
    created_: "应用已创建，接下来请为它创建密钥。",
    changed: "应用已修改。",
    none: "没有应用",
    nameHelp: "1 到 40 个字符",
  },
);

export default function Applications() {
  const said = useWords(words);
  const format = useFormat();
  const { may } = useSession();
  const [edited, setEdited] = useState<Row | "new" | null>(null);
  const found = useQuery({ queryKey: ["applications"], queryFn: () => ask(api.GET("/api/v1/applications")) });
  const admin = may("admin");
  const columns = [
    { key: "name", title: said.name, cell: (row: Row) => `${row.name} (${row.subAppId})` },
    { key: "description", title: said.description, cell: (row: Row) => row.description || "–" },
    {
      key: "state",
      title: said.state,
      cell: (row: Row) => (
        <Badge variant="dot" color={row.enabled ? "green" : "gray"}>
          {row.enabled ? said.on : said.off}
        </Badge>
      ),
    },
    { key: "created", title: said.created, cell: (row: Row) => format.time(row.createdAt) },
  ];
  const deeds = {
    key: "deeds",
    title: said.deeds,
    cell: (row: Row) => <Deeds row={row} edit={() => setEdited(row)} />,
  };
  return (
    <>
      <PageHeader title={said.title} help={admin ? said.help : said.mayNot}>
        {admin && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEdited("new")}>
            {said.create}
          </Button>
        )}
      </PageHeader>
      <RowsTable
        query={found}
        label={said.title}
        rows={(answer) => answer.items}
        rowKey={(row) => row.subAppId}
        empty={<Empty title={said.none} />}
        columns={admin ? [...columns, deeds] : columns}
      />
      {edited && <Editor row={edited === "new" ? null : edited} close={() => setEdited(null)} />}
    </>
  );
}

function Deeds({ row, edit }: { readonly row: Row; readonly edit: () => void }) {
  const said = useWords(words);
  const confirm = useConfirm();
  const deed = useDeed();
  const turn = async () => {
    const question = { title: said.offTitle(row.name), body: said.offText, action: said.turnOff, danger: true };
    if (row.enabled && !(await confirm(question))) return;
    const params = { path: { subAppId: row.subAppId } };
    await deed.run(
      () => ask(api.PATCH("/api/v1/applications/{subAppId}", { params, body: { enabled: !row.enabled } })),
      { done: said.changed, renew: RENEW },
    );
  };
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      <Button size="xs" variant="default" aria-label={said.changeOf(row.name)} onClick={edit}>
        {said.change}
      </Button>
      {row.subAppId !== MAIN && (
        <RowButton
          text={row.enabled ? said.turnOff : said.turnOn}
          of={row.name}
          busy={deed.busy}
          act={() => void turn()}
        />
      )}
    </Group>
  );
}

function Editor({ row, close }: { readonly row: Row | null; readonly close: () => void }) {
  const said = useWords(words);
  const [name, setName] = useState(row?.name ?? "");
  const [description, setDescription] = useState(row?.description ?? "");
  const body = { name, description };
  const send = () =>
    row
      ? ask(api.PATCH("/api/v1/applications/{subAppId}", { params: { path: { subAppId: row.subAppId } }, body }))
      : ask(api.POST("/api/v1/applications", { body }));
  return (
    <FormDialog
      title={row ? said.changeOf(row.name) : said.create}
      action={row ? said.save : said.create}
      close={close}
      send={send}
      done={row ? said.changed : said.created_}
      renew={RENEW}
    >
      <TextInput
        label={said.name}
        description={said.nameHelp}
        maxLength={40}
        required
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea
        label={said.description}
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
