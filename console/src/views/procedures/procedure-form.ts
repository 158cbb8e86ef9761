/** The parts of procedures, and the members that name templates. */
import { callAction } from "../../api/client";
import {
  type ApiDocument,
  type Field,
  type FieldError,
  type Json,
  type JsonObject,
  namedField,
} from "../../forms/schema";
import { type Kind, withoutMembers } from "../templates/kinds";

export type ProcedureRow = JsonObject & { Name: string; Type: string; Comment: string; UpdateTime: string };
/** Parts that the server supports; it refuses the others that the action declares. */
const PARTS = ["MediaProcessTask", "AiContentReviewTask", "ReviewAudioVideoTask"] as const;
const PAGE = 100;
const KIND_OF_STEP: Readonly<Record<string, Kind>> = {
  TranscodeTaskSet: "Transcode",
  AdaptiveDynamicStreamingTaskSet: "AdaptiveDynamicStreaming",
  SnapshotByTimeOffsetTaskSet: "SnapshotByTimeOffset",
  CoverBySnapshotTaskSet: "SnapshotByTimeOffset",
  SampleSnapshotTaskSet: "SampleSnapshot",
  ImageSpriteTaskSet: "ImageSprite",
  AnimatedGraphicTaskSet: "AnimatedGraphics",
  WatermarkSet: "Watermark",
  AiContentReviewTask: "ContentReview",
  ReviewAudioVideoTask: "Review",
};

export function procedureForm(document: ApiDocument): Field {
  const whole = namedField(document, "CreateProcedureTemplateRequest");
  if (whole.kind !== "object") return whole;
  const others = Object.keys(whole.members).filter((name) => !PARTS.some((part) => part === name));
  return withoutMembers(whole, others);
}

export async function listProcedures(subAppId: number): Promise<ProcedureRow[]> {
  const found: ProcedureRow[] = [];
  for (;;) {
    const body = { SubAppId: subAppId, Limit: PAGE, Offset: found.length };
    const page = (await callAction("DescribeProcedureTemplates", body))
      .ProcedureTemplateSet as unknown as ProcedureRow[];
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

/** Return the members that the form of a listed procedure edits. */
export function partsOf(row: ProcedureRow): JsonObject {
  return Object.fromEntries(PARTS.map((part) => [part, row[part] ?? null]));
}

/** Return the kind of template that a `Definition` names, by the member that holds it. */
export function kindAt(path: string): Kind | undefined {
  const names = path.split(".").filter((part) => !/^\d+$/.test(part));
  return names.at(-1) === "Definition" ? KIND_OF_STEP[names.at(-2) ?? ""] : undefined;
}

/** Return an error for each step without a template: its id is 0, which the schema allows. */
export function missingTemplates(value: Json | undefined, path = ""): FieldError[] {
  if (value === null || typeof value !== "object") {
    return value === 0 && kindAt(path) ? [{ path, what: "missing", limit: 0 }] : [];
  }
  return Object.entries(value).flatMap(([name, each]) => missingTemplates(each, path ? `${path}.${name}` : name));
}

/** Return the steps of a procedure, as member names with how many there are. */
export function stepsOf(row: ProcedureRow): readonly (readonly [string, number])[] {
  const media = (row.MediaProcessTask ?? {}) as Record<string, Json[]>;
  const sets = Object.entries(media).flatMap(([name, steps]) =>
    steps.length > 0 ? [[name, steps.length] as const] : [],
  );
  const reviews = PARTS.slice(1).flatMap((part) => (row[part] ? [[part, 1] as const] : []));
  return [...sets, ...reviews];
}
