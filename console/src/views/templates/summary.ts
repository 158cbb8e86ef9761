/** One line about a template's output, in the wire's own values, which need no translation. */
import type { Json, JsonObject } from "../../forms/schema";
import type { Kind, TemplateRow } from "./kinds";

function size(part: JsonObject): string {
  const [width, height] = [Number(part.Width ?? 0), Number(part.Height ?? 0)];
  if (!width && !height) return "";
  return `${width || "auto"}×${height || "auto"}`;
}

function video(part: Json | undefined): string {
  if (!part || typeof part !== "object" || Array.isArray(part)) return "";
  const rate = Number(part.Bitrate ?? 0);
  return joined([String(part.Codec), size(part), rate ? `${rate} kbit/s` : ""]);
}

function joined(parts: readonly string[]): string {
  return parts.filter(Boolean).join(" · ");
}

export function summaryOf(kind: Kind, row: TemplateRow): string {
  const text = (name: string) => (row[name] === undefined ? "" : String(row[name]));
  switch (kind) {
    case "Transcode":
      return joined([text("Container"), row.RemoveVideo === 1 ? "" : video(row.VideoTemplate)]);
    case "AdaptiveDynamicStreaming":
      return joined([text("Format"), `${(row.StreamInfos as Json[]).length} ×`, text("DrmType")]);
    case "SampleSnapshot":
      return joined([text("Format"), size(row), `${text("SampleInterval")} ${text("SampleType")}`]);
    case "ImageSprite":
      return joined([text("Format"), size(row), `${text("RowCount")}×${text("ColumnCount")}`]);
    case "AnimatedGraphics":
      return joined([text("Format"), size(row), `${text("Fps")} fps`]);
    case "Watermark":
      return joined([text("Type"), `${text("XPos")} ${text("YPos")}`, text("CoordinateOrigin")]);
    case "Review":
      return (row.Labels as string[]).join(" · ");
    case "ContentReview":
      return topics(row);
    default:
      return joined([text("Format"), size(row)]);
  }
}

function topics(row: TemplateRow): string {
  const names = ["Porn", "Terrorism", "Political"];
  const isOn = (name: string) => JSON.stringify(row[`${name}Configure`] ?? null).includes('"ON"');
  return names.filter(isOn).join(" · ");
}
