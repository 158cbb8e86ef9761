/** Dialogs for allow and block lists of referers and IP addresses. */
import { NativeSelect, Switch, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { callAction } from "../../api/client";
import { useApplication } from "../../application";
import { FormDialog } from "../../components/form-dialog";
import { useWords } from "../../language";
import { type DomainRow, type ListKind, linesOf, type Status } from "./model";
import { words } from "./words";

interface Props {
  readonly row: DomainRow;
  readonly onClose: () => void;
}

interface ListValue {
  readonly enabled: boolean;
  readonly kind: ListKind;
  readonly text: string;
}

function useList(status: Status, kind: ListKind, entries: readonly string[]) {
  const [value, change] = useState<ListValue>({ enabled: status === "Enabled", kind, text: entries.join("\n") });
  return { value, change, status: (value.enabled ? "Enabled" : "Disabled") as Status, entries: linesOf(value.text) };
}

export function RefererDialog({ row, onClose }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const first = row.RefererAuthPolicy;
  const list = useList(first.Status, first.AuthType, first.Referers);
  const [blank, setBlank] = useState(first.BlankRefererAllowed === "Yes");
  const send = () => {
    const policy = {
      Status: list.status,
      AuthType: list.value.kind,
      Referers: list.entries,
      BlankRefererAllowed: blank ? ("Yes" as const) : ("No" as const),
    };
    return callAction("ModifyVodDomainConfig", { SubAppId: subAppId, Domain: row.Domain, RefererAuthPolicy: policy });
  };
  return (
    <Dialog title={`${t.referers}: ${row.Domain}`} onClose={onClose} send={send} list={list} help={t.referersHelp}>
      <Switch label={t.blank} checked={blank} onChange={(event) => setBlank(event.currentTarget.checked)} />
    </Dialog>
  );
}

export function AddressDialog({ row, onClose }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const first = row.IPFilterPolicy;
  const list = useList(first.Status, first.FilterType, first.IPList);
  const send = () => {
    const policy = { Status: list.status, FilterType: list.value.kind, IPList: list.entries };
    return callAction("ModifyVodDomainConfig", { SubAppId: subAppId, Domain: row.Domain, IPFilterPolicy: policy });
  };
  return (
    <Dialog title={`${t.addresses}: ${row.Domain}`} onClose={onClose} send={send} list={list} help={t.addressesHelp} />
  );
}

interface DialogProps {
  readonly title: string;
  readonly help: string;
  readonly onClose: () => void;
  readonly send: () => Promise<unknown>;
  readonly list: ReturnType<typeof useList>;
  readonly children?: ReactNode;
}

function Dialog({ title, help, onClose, send, list, children }: DialogProps) {
  const t = useWords(words);
  const { value, change } = list;
  return (
    <FormDialog
      title={title}
      submitLabel={t.save}
      onClose={onClose}
      onSubmit={send}
      success={t.saved}
      invalidates={["domains"]}
    >
      <Switch
        label={t.enabled}
        checked={value.enabled}
        onChange={(event) => change({ ...value, enabled: event.currentTarget.checked })}
      />
      <NativeSelect
        label={t.kind}
        value={value.kind}
        data={(["White", "Black"] as const).map((each) => ({ value: each, label: t[each] }))}
        onChange={(event) => change({ ...value, kind: event.currentTarget.value as ListKind })}
      />
      <Textarea
        label={help}
        rows={5}
        value={value.text}
        onChange={(event) => change({ ...value, text: event.currentTarget.value })}
      />
      {children}
    </FormDialog>
  );
}
