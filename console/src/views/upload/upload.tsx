import { Button, FileButton, Group, Paper, Select, SimpleGrid, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type DragEvent, useState } from "react";
import { api, ask } from "../../api/client";
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
import { words as dictionary } from "./words";

type Choices = Omit<Settings, "subAppId">;

export default function Upload() {
  const words = useWords(dictionary);
  const title = useWords(titles).upload;
  const { subAppId } = useApplication();
  const [choices, setChoices] = useState<Choices>({ procedure: "", classId: 0, storageRegion: "" });
  return (
    <>
      <PageHeader title={title} help={words.help} />
      <Drop />
      <Choose choices={choices} change={(changes) => setChoices((now) => ({ ...now, ...changes }))} />
      <Toolbar settings={{ subAppId, ...choices }} />
      <List />
    </>
  );
}

function Drop() {
  const words = useWords(dictionary);
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
      <Text size="sm">{words.drop}</Text>
      <FileButton onChange={(files) => uploads.choose(files)} accept={ACCEPTED} multiple>
        {(props) => <Button {...props}>{words.choose}</Button>}
      </FileButton>
    </div>
  );
}

interface ChooseProps {
  readonly choices: Choices;
  readonly change: (changes: Partial<Choices>) => void;
}

function Choose({ choices, change }: ChooseProps) {
  const words = useWords(dictionary);
  const procedures = useProcedures().data ?? [];
  const categories = useClasses();
  const found = useQuery({ queryKey: ["regions"], queryFn: () => ask(api.GET("/api/v1/regions")) });
  const regions = (found.data?.items ?? []).filter((region) => region.enabled);
  return (
    <SimpleGrid cols={{ base: 1, sm: 3 }} spacing="xs" my="md">
      <Select
        label={words.procedure}
        data={[{ value: "", label: words.none }, ...procedures]}
        value={choices.procedure}
        onChange={(procedure) => change({ procedure: procedure ?? "" })}
        allowDeselect={false}
        searchable
      />
      <Select
        label={words.class}
        data={[{ value: "0", label: words.noClass }, ...categories.filter((each) => each.value !== "0")]}
        value={String(choices.classId)}
        onChange={(classId) => change({ classId: Number(classId ?? 0) })}
        allowDeselect={false}
      />
      <Select
        label={words.region}
        data={[{ value: "", label: words.defaultRegion }, ...regions.map(({ name }) => ({ value: name, label: name }))]}
        value={choices.storageRegion}
        onChange={(storageRegion) => change({ storageRegion: storageRegion ?? "" })}
        allowDeselect={false}
      />
    </SimpleGrid>
  );
}

function Toolbar({ settings }: { readonly settings: Settings }) {
  const words = useWords(dictionary);
  const format = useFormat();
  const confirm = useConfirm();
  const { paused, counts } = useToolbar();
  if (counts.all === 0) return null;
  const cancel = async () => {
    const question = { title: words.cancelTitle, body: words.cancelBody, action: words.cancelAll, danger: true };
    if (await confirm(question)) uploads.cancelAll();
  };
  return (
    <Paper withBorder p="sm" mb="sm" className={classes.toolbar ?? ""}>
      <Text size="sm" role="status">
        {words.summary(format.number(counts.done), format.number(counts.all), format.number(counts.failed))}
      </Text>
      <Group gap="xs">
        {counts.chosen > 0 && (
          <Button onClick={() => uploads.start(settings)}>{words.start(format.number(counts.chosen))}</Button>
        )}
        {counts.active > 0 && (
          <Button variant="default" onClick={() => (paused ? uploads.resumeAll() : uploads.pauseAll())}>
            {paused ? words.resumeAll : words.pauseAll}
          </Button>
        )}
        {counts.active + counts.chosen > 0 && (
          <Button variant="default" onClick={() => void cancel()}>
            {words.cancelAll}
          </Button>
        )}
        {counts.active + counts.chosen < counts.all && (
          <Button variant="default" onClick={() => uploads.clearEnded()}>
            {words.clear}
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
