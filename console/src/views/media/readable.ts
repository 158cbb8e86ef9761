/** Whether the server found media in a file. It looks after the upload, and tells in the body of the upload's event. */
import type { Schemas } from "../../api/client";

export type Readable = "unknown" | "yes" | "no";

export function readable(story: Schemas["Transcript"] | undefined): Readable {
  const upload = story?.items.find(({ event }) => event?.type === "NewFileUpload")?.event;
  // The body is there once the file was looked at.
  const told = upload?.body?.FileUploadEvent;
  if (typeof told !== "object" || told === null || !("MetaData" in told)) return "unknown";
  return told.MetaData === null ? "no" : "yes";
}
