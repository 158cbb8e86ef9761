/** One procedure: the templates that it combines, and a preview of its commands. */
import { type ActionBody, callAction } from "../../api/client";
import { useApplication } from "../../application";
import { EditorFrame } from "../../forms/editor-frame";
import { EditorSource, UnknownEntry } from "../../forms/editor-source";
import type { Field } from "../../forms/schema";
import type { Place } from "../../forms/schema-form";
import type { Draft } from "../../forms/use-editor";
import { useWords } from "../../language";
import { navigate, to } from "../../router";
import type { Params } from "../../view";
import { PlanPreview } from "../plan/plan-preview";
import { kindAt, missingTemplates, type ProcedureRow, partsOf, procedureForm } from "./procedure-form";
import { useProcedures } from "./queries";
import { TemplateSelect } from "./template-select";
import { words } from "./words";

const NAME = /^[^()&=]{1,20}$/u;

export default function Procedure({ params }: { readonly params: Params }) {
  const t = useWords(words);
  return (
    <EditorSource
      id={params.name ?? ""}
      query={useProcedures()}
      idOf={(row) => row.Name}
      formOf={procedureForm}
      unknown={<UnknownEntry t={t} href={to("/procedures")} />}
    >
      {({ field, row, isNew }) => <ProcedureEditor field={field} row={row} isNew={isNew} />}
    </EditorSource>
  );
}

interface Props {
  readonly field: Field;
  readonly row: ProcedureRow | undefined;
  readonly isNew: boolean;
}

function ProcedureEditor({ field, row, isNew }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const name = isNew ? "" : (row?.Name ?? "");
  const nameError = (text: string) => (text ? (NAME.test(text) ? "" : t.badName) : t.noName);
  const save = async (draft: Draft) => {
    const body = { ...draft.members, Name: draft.name, Comment: draft.comment, SubAppId: subAppId };
    const action = isNew ? "CreateProcedureTemplate" : "ResetProcedureTemplate";
    await callAction(action, body as unknown as ActionBody<"CreateProcedureTemplate">);
    return `/procedures/${encodeURIComponent(draft.name)}`;
  };
  const removal = {
    title: t.removeTitle(name),
    remove: () => callAction("DeleteProcedureTemplate", { SubAppId: subAppId, Name: name }),
    leave: () => navigate("/procedures"),
  };
  const planned = (draft: Draft | null) => draft && { draft: draft.members };
  return (
    <EditorFrame
      t={t}
      title={isNew ? t.create : `${t.procedure}: ${name}`}
      help={t.help}
      isPreset={!isNew && row?.Type === "Preset"}
      copyHref={!isNew && to("/procedures/new", { from: name })}
      field={field}
      first={{ name, comment: row?.Comment ?? "", members: row ? partsOf(row) : {} }}
      invalidates="procedures"
      check={(draft) => missingTemplates(draft.members)}
      nameError={nameError}
      nameProps={{ description: isNew ? t.nameHelp : undefined, withAsterisk: true, readOnly: !isNew }}
      renderField={procedureField}
      save={save}
      removal={!isNew && removal}
      preview={(draft) => <PlanPreview subject={() => planned(draft())} />}
    />
  );
}

function procedureField(place: Place, error: string | undefined) {
  // The older format of time offsets is shown only where it is already used.
  if (place.name === "TimeOffsetSet" && !(place.value as number[] | undefined)?.length) return null;
  const kind = kindAt(place.path);
  return kind ? <TemplateSelect kind={kind} place={place} error={error} /> : undefined;
}
