/** The form of a template, which saves and shows the plan of what is not saved yet. */
import { Button, FileInput, Group, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Problem } from "../../api/problem";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { Editable } from "../../forms/editable";
import { FormEnd } from "../../forms/form-end";
import { type Field, type JsonObject, wrongIn } from "../../forms/schema";
import { type Place, SchemaForm, useWrongWords } from "../../forms/schema-form";
import { labels } from "../../forms/words";
import { useWords } from "../../language";
import { navigate } from "../../router";
import { PlanPreview } from "../plan/plan-preview";
import { changeTemplate, createTemplate, deleteTemplate, type Kind, PLANLESS, type TemplateValue } from "./kinds";
import { words } from "./words";

interface Props {
  readonly kind: Kind;
  readonly field: Field;
  readonly first: TemplateValue;
  /** 0: it is not stored yet. */
  readonly definition: number;
  readonly readOnly: boolean;
}

export function TemplateEditor({ kind, field, first, definition, readOnly }: Props) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [value, setValue] = useState(first);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const deed = useDeed();
  const found = wrongIn(field, value.members);
  const inWords = useWrongWords();
  const wrong = new Map([...refused(problem), ...(tried ? inWords(found) : [])]);
  const save = async () => {
    if (!definition) return createTemplate(kind, subAppId, value);
    await changeTemplate(kind, subAppId, definition, value);
    return definition;
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setProblem(null);
    if (found.length > 0) return;
    const saved = await deed.run(save, { done: said.saved, renew: ["templates"], failed: setProblem });
    if (saved) navigate(`/templates/${kind}/${saved}`);
  };
  const subject = () => {
    setTried(true);
    if (found.length > 0) return null;
    return { template: { kind, definition, ...(readOnly ? {} : { body: value.members }) } };
  };
  return (
    <Stack>
      <form onSubmit={submit} noValidate>
        <Editable readOnly={readOnly}>
          <Head value={value} change={setValue} />
          <SchemaForm
            field={field}
            value={value.members}
            change={(members) => setValue({ ...value, members: members as JsonObject })}
            wrong={wrong}
            draw={(place) => drawn(place, definition > 0)}
          />
          <FormEnd
            unsaved={tried && found.length > 0 && said.unsaved}
            problem={problem}
            save={said.save}
            busy={deed.busy}
            readOnly={readOnly}
          >
            {definition > 0 && <Remove kind={kind} definition={definition} />}
          </FormEnd>
        </Editable>
      </form>
      {!PLANLESS.includes(kind) && <PlanPreview subject={subject} />}
    </Stack>
  );
}

/** Mark the field that the server named. */
function refused(problem: unknown): readonly (readonly [string, string])[] {
  return problem instanceof Problem && problem.field ? [[problem.field, problem.message]] : [];
}

function Head({ value, change }: { readonly value: TemplateValue; readonly change: (value: TemplateValue) => void }) {
  const said = useWords(words);
  return (
    <Group grow align="flex-start" preventGrowOverflow={false}>
      <TextInput
        miw={200}
        label={said.name}
        maxLength={64}
        value={value.name}
        onChange={(event) => change({ ...value, name: event.currentTarget.value })}
      />
      <TextInput
        miw={200}
        label={said.comment}
        maxLength={256}
        value={value.comment}
        onChange={(event) => change({ ...value, comment: event.currentTarget.value })}
      />
    </Group>
  );
}

/** Pictures come from files; a watermark's type stays as it is. */
function drawn(place: Place, stored: boolean) {
  if (place.name === "ImageContent") return <Picture place={place} stored={stored} />;
  if (place.path === "Type" && stored) return null;
  return undefined;
}

function Picture({ place, stored }: { readonly place: Place; readonly stored: boolean }) {
  const said = useWords(words);
  const label = useWords(labels).ImageContent;
  const read = async (file: File | null) => {
    if (!file) return place.change("");
    const bytes = new Uint8Array(await file.arrayBuffer());
    place.change(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
  };
  return (
    <FileInput
      label={label}
      placeholder={said.picture}
      description={stored ? said.pictureStays : undefined}
      accept="image/png,image/jpeg,image/gif"
      clearable
      clearButtonProps={{ "aria-label": said.remove }}
      onChange={(file) => void read(file)}
    />
  );
}

function Remove({ kind, definition }: { readonly kind: Kind; readonly definition: number }) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const confirm = useConfirm();
  const deed = useDeed();
  const remove = async () => {
    const question = { title: said.removeTitle(definition), body: said.removeText, action: said.remove, danger: true };
    if (!(await confirm(question))) return;
    const work = () => deleteTemplate(kind, subAppId, definition).then(() => true);
    const gone = await deed.run(work, { done: said.removed, renew: ["templates"] });
    if (gone) navigate("/templates", { kind });
  };
  return (
    <Button variant="default" loading={deed.busy} onClick={() => void remove()}>
      {said.remove}
    </Button>
  );
}
