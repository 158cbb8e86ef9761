/** The nine kinds of templates; their API actions differ in name only. */
import { type Action, callAction, type Schemas } from "../../api/client";
import { type ApiDocument, type Field, type JsonObject, namedField } from "../../forms/schema";
import type { Draft } from "../../forms/use-editor";

export const KINDS = [
  "Transcode",
  "AdaptiveDynamicStreaming",
  "SnapshotByTimeOffset",
  "SampleSnapshot",
  "ImageSprite",
  "AnimatedGraphics",
  "Watermark",
  "Review",
  "ContentReview",
] as const;
export type Kind = (typeof KINDS)[number];
export type TemplateRow = JsonObject & {
  Definition: number | string;
  Type: string;
  Name: string;
  Comment: string;
  UpdateTime: string;
};

/** Kinds that produce no output themselves and so have no plan. */
export const PLANLESS: readonly Kind[] = ["Watermark", "Review"];
const HEAD = ["SubAppId", "ExtInfo", "Name", "Comment", "Definition", "CreateTime", "UpdateTime"];
const PAGE = 100;

export function kindOf(text: string | null | undefined): Kind | undefined {
  return KINDS.find((each) => each === text);
}

/** Watermarks are never presets; their Type is the type of the content. */
export function isPreset(row: TemplateRow): boolean {
  return row.Type === "Preset";
}

type AnyAction = (name: Action, body: unknown) => Promise<JsonObject>;
// The action names are computed, which the types of single actions cannot express.
const callAny = callAction as unknown as AnyAction;

export async function listTemplates(kind: Kind, subAppId: number): Promise<TemplateRow[]> {
  const found: TemplateRow[] = [];
  for (;;) {
    const body = { SubAppId: subAppId, Limit: PAGE, Offset: found.length };
    const answer = await callAny(`Describe${kind}Templates` as Action, body);
    const page = answer[`${kind}TemplateSet`] as TemplateRow[];
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

export async function createTemplate(kind: Kind, subAppId: number, value: Draft): Promise<number> {
  const body = { ...value.members, Name: value.name, Comment: value.comment, SubAppId: subAppId };
  return Number((await callAny(`Create${kind}Template` as Action, body)).Definition);
}

export async function changeTemplate(kind: Kind, subAppId: number, definition: number, value: Draft) {
  const { Type: _, ...members } = value.members;
  const head = { Name: value.name, Comment: value.comment, SubAppId: subAppId, Definition: definition };
  await callAny(`Modify${kind}Template` as Action, { ...(kind === "Watermark" ? members : value.members), ...head });
}

export async function deleteTemplate(kind: Kind, subAppId: number, definition: number): Promise<void> {
  await callAny(`Delete${kind}Template` as Action, { SubAppId: subAppId, Definition: definition });
}

/** Return the form of a kind's own members, from the description of its Create action. */
export function formOf(document: ApiDocument, kind: Kind): Field {
  const name = kind === "Watermark" ? "CreateWatermarkTemplateRequest" : `Create${kind}TemplateMembers`;
  return withoutMembers(namedField(document, name), HEAD);
}

export function withoutMembers(field: Field, names: readonly string[]): Field {
  if (field.kind !== "object") return field;
  const kept = Object.entries(field.members).filter(([name]) => !names.includes(name));
  return { ...field, members: Object.fromEntries(kept) };
}

/** Return the draft for the form of a listed template. */
export function draftOf(field: Field, row: TemplateRow): Draft {
  const names = field.kind === "object" ? Object.keys(field.members) : [];
  const members = Object.fromEntries(names.flatMap((name) => (name in row ? [[name, row[name] ?? null]] : [])));
  return { name: row.Name, comment: row.Comment, members: withoutPictureAddress(members) };
}

/** Drop the picture's address, which the list returns and the form does not have. */
function withoutPictureAddress(members: JsonObject): JsonObject {
  const image = members.ImageTemplate as JsonObject | null | undefined;
  if (!image) return members;
  const { ImageUrl: _, ...kept } = image;
  return { ...members, ImageTemplate: kept };
}

export type PlanPreview = Schemas["PlanPreview"];
