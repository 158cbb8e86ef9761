/** One template: its form, generated from the API description, and a preview of its commands. */
import { Problem } from "../../api/problem";
import { useApplication } from "../../application";
import { EditorFrame } from "../../forms/editor-frame";
import { EditorSource, UnknownEntry } from "../../forms/editor-source";
import { emptyOf, type Field, type JsonObject } from "../../forms/schema";
import type { Draft } from "../../forms/use-editor";
import { useWords } from "../../language";
import { navigate, to } from "../../router";
import type { Params } from "../../view";
import { PlanPreview } from "../plan/plan-preview";
import {
  changeTemplate,
  createTemplate,
  deleteTemplate,
  draftOf,
  formOf,
  isPreset,
  type Kind,
  kindOf,
  PLANLESS,
  type TemplateRow,
} from "./kinds";
import { useTemplates } from "./queries";
import { templateField } from "./template-fields";
import { words } from "./words";

export default function Template({ params }: { readonly params: Params }) {
  const t = useWords(words);
  const kind = kindOf(params.kind);
  if (!kind) return <UnknownEntry t={t} href={to("/templates")} />;
  return <TemplateOfKind key={kind} kind={kind} id={params.definition ?? ""} />;
}

function TemplateOfKind({ kind, id }: { readonly kind: Kind; readonly id: string }) {
  const t = useWords(words);
  return (
    <EditorSource
      id={id}
      query={useTemplates(kind)}
      idOf={(row) => String(row.Definition)}
      formOf={(document) => formOf(document, kind)}
      unknown={<UnknownEntry t={t} href={to("/templates")} />}
    >
      {({ field, row, isNew }) => <TemplateEditor kind={kind} field={field} row={row} isNew={isNew} />}
    </EditorSource>
  );
}

interface Props {
  readonly kind: Kind;
  readonly field: Field;
  readonly row: TemplateRow | undefined;
  readonly isNew: boolean;
}

function TemplateEditor({ kind, field, row, isNew }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  // 0: a new template.
  const definition = isNew ? 0 : Number(row?.Definition);
  const save = async (draft: Draft) => {
    if (definition) await changeTemplate(kind, subAppId, definition, draft);
    return `/templates/${kind}/${definition || (await createTemplate(kind, subAppId, draft))}`;
  };
  const removal = {
    title: t.removeTitle(definition),
    remove: () => deleteTemplate(kind, subAppId, definition),
    leave: () => navigate("/templates", { kind }),
  };
  const planned = (draft: Draft | null, readOnly: boolean) =>
    draft && { template: { kind, definition, ...(readOnly ? {} : { body: draft.members }) } };
  return (
    <EditorFrame
      t={t}
      title={`${t[kind]}: ${isNew ? t.create : row?.Name || String(definition)}`}
      help={isNew ? undefined : `${t.id} ${definition}`}
      isPreset={!isNew && row !== undefined && isPreset(row)}
      copyHref={!isNew && kind !== "Watermark" && to(`/templates/${kind}/new`, { from: definition })}
      field={field}
      first={row ? draftOf(field, row) : { name: "", comment: "", members: emptyOf(field) as JsonObject }}
      invalidates="templates"
      nameProps={{ maxLength: 64 }}
      refusedFields={refusedField}
      renderField={(place) => templateField(place, !isNew)}
      save={save}
      removal={!isNew && removal}
      preview={(draft, readOnly) =>
        !PLANLESS.includes(kind) && <PlanPreview subject={() => planned(draft(), readOnly)} />
      }
    />
  );
}

/** The field that the server named, with its message. */
function refusedField(problem: unknown): readonly (readonly [string, string])[] {
  return problem instanceof Problem && problem.field ? [[problem.field, problem.message]] : [];
}
