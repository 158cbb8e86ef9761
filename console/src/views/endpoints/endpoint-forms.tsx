/** Dialogs: create an endpoint, set the callback URL. */

import { Checkbox, MultiSelect, NativeSelect, NumberInput, PasswordInput, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { api, type Schemas, unwrap } from "../../api/client";
import { Problem } from "../../api/problem";
import { useApplication } from "../../application";
import { FormDialog } from "../../components/form-dialog";
import type { DialogControls } from "../../components/settings-list";
import { useWords } from "../../language";
import { EVENT_TYPES, type EventType } from "../events/types";
import { words } from "./words";

type Format = Schemas["PayloadFormat"];
const INVALIDATES = ["endpoints"];
/** The endpoint that is the application's callback URL. */
const DEFAULT = "default";
const TIMEOUT_SECONDS = 5;

/** Parse `5, 30, 60`; null for anything but numbers from 0. */
function delaysOf(text: string): number[] | null {
  const parts = text.split(/[,，\s]+/).filter(Boolean);
  const numbers = parts.map(Number);
  return numbers.every((each) => Number.isFinite(each) && each >= 0) ? numbers : null;
}

export function NewEndpoint({ onClose, onSecret }: DialogControls) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const [types, setTypes] = useState<EventType[]>([]);
  const [format, setFormat] = useState<Format>("3.0");
  const [timeoutSeconds, setTimeoutSeconds] = useState<number | string>(TIMEOUT_SECONDS);
  const [delays, setDelays] = useState("");
  const [signKey, setSignKey] = useState("");
  const [fromStart, setFromStart] = useState(false);
  const retryDelays = delaysOf(delays);
  const send = async () => {
    if (!retryDelays) throw new Problem(400, "endpoint.retry_delays", t.badDelays);
    const usual = { name, url, types, format, timeoutSeconds: Number(timeoutSeconds), signKey, fromStart };
    const body = retryDelays.length > 0 ? { ...usual, retryDelays } : usual;
    const made = await unwrap(api.POST("/api/v1/endpoints", { params: { query: { subAppId } }, body }));
    onSecret({ title: t.made, lines: { [t.secret]: made.secret } });
  };
  return (
    <FormDialog title={t.create} submitLabel={t.create} onClose={onClose} onSubmit={send} invalidates={INVALIDATES}>
      <TextInput
        label={t.name}
        required
        maxLength={50}
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label={t.url}
        type="url"
        required
        placeholder="https://"
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <MultiSelect
        label={t.types}
        description={t.typesHelp}
        data={EVENT_TYPES}
        value={types}
        onChange={(chosen) => setTypes(chosen as EventType[])}
      />
      <NativeSelect
        label={t.format}
        value={format}
        data={[
          { value: "3.0", label: t.current },
          { value: "2.0", label: t.legacy },
        ]}
        onChange={(event) => setFormat(event.currentTarget.value as Format)}
      />
      <NumberInput label={t.timeout} min={1} value={timeoutSeconds} onChange={setTimeoutSeconds} />
      <TextInput
        label={t.delays}
        placeholder="5, 30, 300"
        error={retryDelays ? undefined : t.badDelays}
        value={delays}
        onChange={(event) => setDelays(event.currentTarget.value)}
      />
      <TextInput
        label={t.signKey}
        description={t.signKeyHelp}
        maxLength={32}
        value={signKey}
        onChange={(event) => setSignKey(event.currentTarget.value)}
      />
      <Checkbox
        label={t.fromStart}
        checked={fromStart}
        onChange={(event) => setFromStart(event.currentTarget.checked)}
      />
    </FormDialog>
  );
}

interface DefaultProps {
  /** null: there is none yet. */
  readonly row: Schemas["EndpointRow"] | null;
  readonly onClose: () => void;
}

export function DefaultEndpoint({ row, onClose }: DefaultProps) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [url, setUrl] = useState(row?.url ?? "");
  const [signKey, setSignKey] = useState("");
  const [without, setWithout] = useState(false);
  const params = { path: { name: DEFAULT }, query: { subAppId } };
  const send = () => {
    const body = without ? { url, signKey: "" } : signKey ? { url, signKey } : { url };
    return unwrap(api.PATCH("/api/v1/endpoints/{name}", { params, body }));
  };
  return (
    <FormDialog
      title={t.setUrl}
      submitLabel={t.save}
      onClose={onClose}
      onSubmit={send}
      success={t.changed}
      invalidates={INVALIDATES}
    >
      <Text size="sm">{t.defaultHelp}</Text>
      <TextInput
        label={t.url}
        type="url"
        placeholder="https://"
        data-autofocus
        value={url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <PasswordInput
        label={t.signKey}
        description={row?.hasSignKey ? t.signKeyStays : t.signKeyHelp}
        autoComplete="off"
        maxLength={32}
        disabled={without}
        value={signKey}
        onChange={(event) => setSignKey(event.currentTarget.value)}
      />
      {row?.hasSignKey && (
        <Checkbox label={t.removeKey} checked={without} onChange={(event) => setWithout(event.currentTarget.checked)} />
      )}
    </FormDialog>
  );
}
