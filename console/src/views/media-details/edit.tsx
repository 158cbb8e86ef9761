import { Button, Group, Modal, Select, Stack, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { act, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { Failure, useNotify } from "../../components/failure";
import { useWords } from "../../language";
import { states } from "../../words";
import { useClasses } from "../media/classes";
import { words as dictionary } from "./words";

interface Props {
  readonly media: Schemas["MediaInfo"];
  readonly opened: boolean;
  readonly close: () => void;
}

export function Edit({ media, opened, close }: Props) {
  const words = useWords(dictionary);
  const { close: closeWord } = useWords(states);
  return (
    <Modal opened={opened} onClose={close} title={words.edit} closeButtonProps={{ "aria-label": closeWord }}>
      <Form media={media} close={close} />
    </Modal>
  );
}

function Form({ media, close }: Omit<Props, "opened">) {
  const words = useWords(dictionary);
  const { cancel } = useWords(states);
  const classes = useClasses();
  const basic = media.BasicInfo;
  const before = {
    name: basic?.Name ?? "",
    description: basic?.Description ?? "",
    classId: String(basic?.ClassId ?? 0),
    tags: basic?.TagSet ?? [],
  };
  const [form, setForm] = useState(before);
  const save = useSave(media.FileId, before.tags, close);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(form);
  };
  const change = (changes: Partial<typeof form>) => setForm((now) => ({ ...now, ...changes }));
  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={words.name}
          value={form.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          data-autofocus
          required
          withAsterisk={false}
        />
        <Textarea
          label={words.description}
          value={form.description}
          onChange={(event) => change({ description: event.currentTarget.value })}
          autosize
          minRows={2}
          maxRows={8}
        />
        <Select
          label={words.category}
          data={[{ value: "0", label: words.noClass }, ...classes.filter((each) => each.value !== "0")]}
          value={form.classId}
          onChange={(classId) => change({ classId: classId ?? "0" })}
          allowDeselect={false}
        />
        <TagsInput
          label={words.tags}
          description={words.tagsHelp}
          value={[...form.tags]}
          onChange={(tags) => change({ tags })}
          maxTags={16}
        />
        {save.error && <Failure problem={save.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {cancel}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {words.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface Changed {
  readonly name: string;
  readonly description: string;
  readonly classId: string;
  readonly tags: readonly string[];
}

function useSave(fileId: string, tagsBefore: readonly string[], close: () => void) {
  const words = useWords(dictionary);
  const notify = useNotify();
  const queries = useQueryClient();
  const { subAppId } = useApplication();
  return useMutation({
    mutationFn: (form: Changed) =>
      act("ModifyMediaInfo", {
        SubAppId: subAppId,
        FileId: fileId,
        Name: form.name,
        Description: form.description,
        ClassId: Number(form.classId),
        AddTags: form.tags.filter((tag) => !tagsBefore.includes(tag)),
        DeleteTags: tagsBefore.filter((tag) => !form.tags.includes(tag)),
      }),
    onSuccess: async () => {
      await Promise.all(["file", "media"].map((kind) => queries.invalidateQueries({ queryKey: [kind] })));
      notify.done(words.saved);
      close();
    },
  });
}
