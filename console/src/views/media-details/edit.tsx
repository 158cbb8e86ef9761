/** The dialog that edits a file's name, description, category and tags. */
import { Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { callAction, type Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { FormDialog } from "../../components/form-dialog";
import { useWords } from "../../language";
import { useClasses } from "../media/classes";
import { words } from "./words";

interface Props {
  readonly media: Schemas["MediaInfo"];
  readonly onClose: () => void;
}

interface Details {
  readonly name: string;
  readonly description: string;
  readonly classId: string;
  readonly tags: readonly string[];
}

export function Edit({ media, onClose }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const before = detailsOf(media);
  const [details, setDetails] = useState(before);
  const save = () =>
    callAction("ModifyMediaInfo", {
      SubAppId: subAppId,
      FileId: media.FileId,
      Name: details.name,
      Description: details.description,
      ClassId: Number(details.classId),
      AddTags: details.tags.filter((tag) => !before.tags.includes(tag)),
      DeleteTags: before.tags.filter((tag) => !details.tags.includes(tag)),
    });
  return (
    <FormDialog
      title={t.edit}
      submitLabel={t.save}
      onClose={onClose}
      onSubmit={save}
      success={t.saved}
      invalidates={["file", "media"]}
      browserChecks
    >
      <DetailsFields details={details} change={(changes) => setDetails((now) => ({ ...now, ...changes }))} />
    </FormDialog>
  );
}

function detailsOf({ BasicInfo: basic }: Schemas["MediaInfo"]): Details {
  return {
    name: basic?.Name ?? "",
    description: basic?.Description ?? "",
    classId: String(basic?.ClassId ?? 0),
    tags: basic?.TagSet ?? [],
  };
}

interface FieldsProps {
  readonly details: Details;
  readonly change: (changes: Partial<Details>) => void;
}

function DetailsFields({ details, change }: FieldsProps) {
  const t = useWords(words);
  const classes = useClasses();
  return (
    <>
      <TextInput
        label={t.name}
        value={details.name}
        onChange={(event) => change({ name: event.currentTarget.value })}
        data-autofocus
        required
        withAsterisk={false}
      />
      <Textarea
        label={t.description}
        value={details.description}
        onChange={(event) => change({ description: event.currentTarget.value })}
        autosize
        minRows={2}
        maxRows={8}
      />
      <Select
        label={t.category}
        data={[{ value: "0", label: t.noClass }, ...classes.filter((each) => each.value !== "0")]}
        value={details.classId}
        onChange={(classId) => change({ classId: classId ?? "0" })}
        allowDeselect={false}
      />
      <TagsInput
        label={t.tags}
        description={t.tagsHelp}
        value={[...details.tags]}
        onChange={(tags) => change({ tags })}
        maxTags={16}
      />
    </>
  );
}
