/** The form of a procedure, which saves and shows the plan of what is not saved yet. */
import { Button, Group, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { type ActionBody, act } from "../../api/client";
import { useApplication } from "../../application";
import { useConfirm } from "../../components/confirm";
import { useDeed } from "../../components/deed";
import { Editable } from "../../forms/editable";
import { FormEnd } from "../../forms/form-end";
import { type Field, type JsonObject, wrongIn } from "../../forms/schema";
import { type Place, SchemaForm, useWrongWords } from "../../forms/schema-form";
import { useWords } from "../../language";
import { navigate } from "../../router";
import { PlanPreview } from "../plan/plan-preview";
import { kindAt, missingTemplates } from "./procedure-form";
import { TemplateSelect } from "./template-select";
import { words } from "./words";

interface Value {
  readonly name: string;
  readonly comment: string;
  readonly parts: JsonObject;
}

interface Props {
  readonly field: Field;
  readonly first: Value;
  readonly isNew: boolean;
  readonly readOnly: boolean;
}

const NAME = /^[^()&=]{1,20}$/u;

export function ProcedureEditor({ field, first, isNew, readOnly }: Props) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const [value, setValue] = useState(first);
  const [tried, setTried] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const deed = useDeed();
  const inWords = useWrongWords();
  const found = [...wrongIn(field, value.parts), ...missingTemplates(value.parts)];
  const wrong = tried ? inWords(found) : new Map<string, string>();
  const badName = value.name ? (NAME.test(value.name) ? "" : said.badName) : said.noName;
  const save = () => {
    const body = { ...value.parts, Name: value.name, Comment: value.comment, SubAppId: subAppId };
    return act(
      isNew ? "CreateProcedureTemplate" : "ResetProcedureTemplate",
      body as unknown as ActionBody<"CreateProcedureTemplate">,
    );
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    setProblem(null);
    if (found.length > 0 || badName) return;
    const saved = await deed.run(save, { done: said.saved, renew: ["procedures"], failed: setProblem });
    if (saved) navigate(`/procedures/${encodeURIComponent(value.name)}`);
  };
  const subject = () => {
    setTried(true);
    return found.length > 0 ? null : { draft: value.parts };
  };
  const draw = (place: Place) => {
    // The older form of moments is shown where it is used, and not offered any more.
    if (place.name === "TimeOffsetSet" && !(place.value as number[] | undefined)?.length) return null;
    const kind = kindAt(place.path);
    return kind ? <TemplateSelect kind={kind} place={place} error={wrong.get(place.path)} /> : undefined;
  };
  return (
    <Stack>
      <form onSubmit={submit} noValidate>
        <Editable readOnly={readOnly}>
          <Head value={value} change={setValue} isNew={isNew} error={tried && badName} />
          <SchemaForm
            field={field}
            value={value.parts}
            change={(parts) => setValue({ ...value, parts: parts as JsonObject })}
            wrong={wrong}
            draw={draw}
          />
          <FormEnd
            unsaved={tried && (found.length > 0 || badName) && said.unsaved}
            problem={problem}
            save={said.save}
            busy={deed.busy}
            readOnly={readOnly}
          >
            {!isNew && <Remove name={value.name} />}
          </FormEnd>
        </Editable>
      </form>
      <PlanPreview subject={subject} />
    </Stack>
  );
}

interface HeadProps {
  readonly value: Value;
  readonly change: (value: Value) => void;
  readonly isNew: boolean;
  readonly error: string | false;
}

function Head({ value, change, isNew, error }: HeadProps) {
  const said = useWords(words);
  return (
    <Group grow align="flex-start" preventGrowOverflow={false}>
      <TextInput
        miw={200}
        label={said.name}
        description={isNew ? said.nameHelp : undefined}
        withAsterisk
        readOnly={!isNew}
        error={error}
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

function Remove({ name }: { readonly name: string }) {
  const said = useWords(words);
  const { subAppId } = useApplication();
  const confirm = useConfirm();
  const deed = useDeed();
  const remove = async () => {
    const question = { title: said.removeTitle(name), body: said.removeText, action: said.remove, danger: true };
    if (!(await confirm(question))) return;
    const work = () => act("DeleteProcedureTemplate", { SubAppId: subAppId, Name: name });
    const gone = await deed.run(work, { done: said.removed, renew: ["procedures"] });
    if (gone) navigate("/procedures");
  };
  return (
    <Button variant="default" loading={deed.busy} onClick={() => void remove()}>
      {said.remove}
    </Button>
  );
}
