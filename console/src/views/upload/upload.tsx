import { Button, FileButton, Group, Paper, Select, SimpleGrid, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type DragEvent, useState } from "react";
import { api, unwrap } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { PageHeader } from "../../components/page-header";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { titles } from "../../words";
import { useClasses } from "../media/classes";
import { useProcedures } from "../media-details/process";
import { ACCEPTED } from "./accepted";
import { List } from "./list";
import { type Settings, uploads, useUploads } from "./store";
import classes from "./upload.module.css";
import { words } from "./words";

type Choices = Omit<Settings, "subAppId">;

export default function Upload() {
  const t = useWords(words);
  const title = useWords(titles).upload;
  const { subAppId } = useApplication();
  const [choices, setChoices] = useState<Choices>({ procedure: "", classId: 0, storageRegion: "" });
  return (
    <>
      <PageHeader title={title} help={t.help} />
      <Drop />
      <Choose choices={choices} change={(changes) => setChoices((now) => ({ ...now, ...changes }))} />
      <Toolbar settings={{ subAppId, ...choices }} />
      <List />
    </>
  );
}

function Drop() {
  const t = useWords(words);
  const [over, setOver] = useState(false);
  const drag = (inside: boolean) => (event: DragEvent) => {
    event.preventDefault();
    setOver(inside);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    uploads.choose(event.dataTransfer.files);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an addition; the button does the same
    <div
      className={classes.drop}
      data-over={over || undefined}
      onDragEnter={drag(true)}
      onDragOver={drag(true)}
      onDragLeave={drag(false)}
      onDrop={drop}
    >
      <IconUpload size={28} aria-hidden />
      <Text size="sm">{t.drop}</Text>
      <FileButton onChange={(files) => uploads.choose(files)} accept={ACCEPTED} multiple>
        {(props) => <Button {...props}>{t.choose}</Button>}
      </FileButton>
    </div>
  );
}

interface ChooseProps {
  readonly choices: Choices;
  readonly change: (changes: Partial<Choices>) => void;
}

function Choose({ choices, change }: ChooseProps) {
  const t = useWords(words);
  const procedures = useProcedures().data ?? [];
  const categories = useClasses();
  const result = useQuery({ queryKey: ["regions"], queryFn: () => unwrap(api.GET("/api/v1/regions")) });
  const regions = (result.data?.items ?? []).filter((region) => region.enabled);
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xs" my="md">
      <Select
        label={t.procedure}
        data={[{ value: "", label: t.none }, ...procedures]}
        value={choices.procedure}
        onChange={(procedure) => change({ procedure: procedure ?? "" })}
        allowDeselect={false}
        searchable
      />
      <Select
        label={t.class}
        data={[{ value: "0", label: t.noClass }, ...categories.filter((each) => each.value !== "0")]}
        value={String(choices.classId)}
        onChange={(classId) => change({ classId: Number(classId ?? 0) })}
        allowDeselect={false}
      />
      <Select
        label={t.region}
        data={[{ value: "", label: t.defaultRegion }, ...regions.map(({ name }) => ({ value: name, label: name }))]}
        value={choices.storageRegion}
        onChange={(storageRegion) => change({ storageRegion: storageRegion ?? "" })}
        allowDeselect={false}
      />
    </SimpleGrid>
  );
}

function Toolbar({ settings }: { readonly settings: Settings }) {
  const t = useWords(words);
  const format = useFormat();
  const confirm = useConfirm();
  const { paused, counts } = useToolbar();
  if (counts.all === 0) return null;
  const cancel = async () => {
    const question = { title: t.cancelTitle, body: t.cancelBody, action: t.cancelAll, danger: true };
    if (await confirm(question)) uploads.cancelAll();
  };
  return (
    <Paper withBorder p="sm" mb="sm" className={classes.toolbar ?? ""}>
      <Text size="sm" role="status">
        {t.summary(format.number(counts.done), format.number(counts.all), format.number(counts.failed))}
      </Text>
      <Group gap="xs">
        {counts.chosen > 0 && (
          <Button onClick={() => uploads.start(settings)}>{t.start(format.number(counts.chosen))}</Button>
        )}
        {counts.active > 0 && (
          <Button variant="default" onClick={() => (paused ? uploads.resumeAll() : uploads.pauseAll())}>
            {paused ? t.resumeAll : t.pauseAll}
          </Button>
        )}
        {counts.active + counts.chosen > 0 && (
          <Button variant="default" onClick={() => void cancel()}>
            {t.cancelAll}
          </Button>
        )}
        {counts.active + counts.chosen < counts.all && (
          <Button variant="default" onClick={() => uploads.clearEnded()}>
            {t.clear}
          </Button>
        )}
      </Group>
    </Paper>
  );
}

function useToolbar() {
  const { paused } = useUploads();
  return { paused, counts: uploads.counts() };
}
