/** The page of an editor: heading, form, buttons, and a preview of the unsaved draft. */
import { Button, Group, Stack, Text, TextInput, type TextInputProps } from "@mantine/core";
import { IconCopy } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useConfirm } from "../components/confirm";
import { PageHeader } from "../components/page-header";
import { useAction } from "../components/use-action";
import { useSession } from "../session";
import { Editable } from "./editable";
import { FormFooter } from "./form-footer";
import type { JsonObject } from "./schema";
import { type Place, SchemaForm } from "./schema-form";
import { type Draft, type EditorOptions, useEditor } from "./use-editor";

/** Texts that every editor's dictionary contains. */
interface EditorWords {
  readonly name: string;
  readonly comment: string;
  readonly copy: string;
  readonly presetHelp: string;
  readonly mayNot: string;
  readonly unsaved: string;
  readonly save: string;
  readonly saved: string;
  readonly remove: string;
  readonly removed: string;
  readonly removeText: string;
}

export interface Removal {
  /** Title of the confirmation. */
  readonly title: string;
  readonly remove: () => Promise<unknown>;
  /** Navigates away after the removal. */
  readonly leave: () => void;
}

interface Props extends Omit<EditorOptions, "saved"> {
  readonly t: EditorWords;
  readonly title: string;
  readonly help: string | undefined;
  /** A preset is read-only; it can be copied. */
  readonly isPreset: boolean;
  /** Address of the editor of a copy; false: no copy is offered. */
  readonly copyHref: string | false;
  readonly nameProps: TextInputProps;
  /** Renders a field differently, as in `SchemaForm`. */
  readonly renderField: (place: Place, error: string | undefined) => ReactNode | undefined;
  /** false for a new entry. */
  readonly removal?: Removal | false;
  /** Renders a preview of the draft. `draft` returns null and marks the fields when the draft is not valid. */
  readonly preview: (draft: () => Draft | null, readOnly: boolean) => ReactNode;
}

export function EditorFrame(props: Props) {
  const { t, title, help, isPreset, copyHref } = props;
  const { may } = useSession();
  return (
    <>
      <PageHeader title={title} help={help}>
        {copyHref && may("operator") && (
          <Button component="a" variant="default" href={copyHref} leftSection={<IconCopy size={16} aria-hidden />}>
            {t.copy}
          </Button>
        )}
      </PageHeader>
      <Stack>
        {isPreset && <Text size="sm">{t.presetHelp}</Text>}
        {!may("operator") && <Text size="sm">{t.mayNot}</Text>}
        <EditorForm {...props} readOnly={isPreset || !may("operator")} />
      </Stack>
    </>
  );
}

function EditorForm({ readOnly, ...props }: Props & { readonly readOnly: boolean }) {
  const { t, field, nameProps, renderField, invalidates, removal = false, preview } = props;
  const editor = useEditor({ ...props, saved: t.saved });
  const { draft, setDraft, errors, problem, busy } = editor;
  return (
    <Stack>
      <form onSubmit={editor.submit} noValidate>
        <Editable readOnly={readOnly}>
          <NameFields t={t} draft={draft} change={setDraft} nameProps={{ error: editor.badName, ...nameProps }} />
          <SchemaForm
            field={field}
            value={draft.members}
            change={(members) => setDraft({ ...draft, members: members as JsonObject })}
            errors={errors}
            renderField={(place) => renderField(place, errors.get(place.path))}
          />
          <FormFooter
            unsaved={editor.invalid && t.unsaved}
            problem={problem}
            save={t.save}
            busy={busy}
            readOnly={readOnly}
          >
            {removal && <RemoveButton t={t} removal={removal} invalidates={invalidates} />}
          </FormFooter>
        </Editable>
      </form>
      {preview(() => (editor.validate() ? draft : null), readOnly)}
    </Stack>
  );
}

interface NameFieldsProps {
  readonly t: EditorWords;
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
  readonly nameProps: TextInputProps;
}

function NameFields({ t, draft, change, nameProps }: NameFieldsProps) {
  return (
    <Group grow align="flex-start" preventGrowOverflow={false}>
      <TextInput
        miw={200}
        label={t.name}
        {...nameProps}
        value={draft.name}
        onChange={(event) => change({ ...draft, name: event.currentTarget.value })}
      />
      <TextInput
        miw={200}
        label={t.comment}
        maxLength={256}
        value={draft.comment}
        onChange={(event) => change({ ...draft, comment: event.currentTarget.value })}
      />
    </Group>
  );
}

interface RemoveProps {
  readonly t: EditorWords;
  readonly removal: Removal;
  readonly invalidates: string;
}

function RemoveButton({ t, removal, invalidates }: RemoveProps) {
  const confirm = useConfirm();
  const action = useAction();
  const remove = async () => {
    const question = { title: removal.title, body: t.removeText, action: t.remove, danger: true };
    if (!(await confirm(question))) return;
    const work = () => removal.remove().then(() => true);
    if (await action.run(work, { success: t.removed, invalidates: [invalidates] })) removal.leave();
  };
  return (
    <Button variant="default" loading={action.busy} onClick={() => void remove()}>
      {t.remove}
    </Button>
  );
}
