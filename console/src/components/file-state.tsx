/** States of files: fetched in batches, shown by the names in `vocabulary.ts`. */
import { Badge } from "@mantine/core";
import { api, type Schemas, unwrap } from "../api/client";
import { useFormat } from "../format";
import { useLanguage, useWords } from "../language";
import { type FileState, type FileStateRow, fileWords, reasonOf } from "../vocabulary";
import { type IdSource, useByIds } from "./use-by-ids";

/** Milliseconds between fetches of files in progress, in case the live stream is disconnected. */
const REFETCH_MILLISECONDS = 3000;
const COLOURS: Record<FileState, string> = {
  checking: "blue",
  processing: "blue",
  ready: "green",
  not_playable: "orange",
  damaged: "red",
  blocked: "red",
  deleted: "gray",
};

export function isInProgress(row: FileStateRow | undefined): boolean {
  return row?.state === "checking" || row?.state === "processing";
}

const STATES: IdSource<Schemas["FileStateRows"], FileStateRow> = {
  name: "states",
  limit: 50,
  fetch: (fileId, subAppId) => unwrap(api.GET("/api/v1/media/states", { params: { query: { fileId, subAppId } } })),
  entries: (answer) => answer.items.map((row) => [row.fileId, row]),
  refetchInterval: (answer) => (answer?.items.some(isInProgress) ? REFETCH_MILLISECONDS : false),
};

/** Return the states of files, by id. */
export function useFileStates(fileIds: readonly string[]): ReadonlyMap<string, FileStateRow> {
  return useByIds(fileIds, STATES);
}

/** Return the state of one file; undefined until it is known. */
export function useFileState(fileId: string): FileStateRow | undefined {
  return useFileStates([fileId]).get(fileId);
}

/** The state as text with the reason as tooltip. The colour adds no information. */
export function FileStateBadge({ row }: { readonly row: FileStateRow | undefined }) {
  const t = useWords(fileWords);
  const { language } = useLanguage();
  const format = useFormat();
  if (!row) return "–";
  const text = row.state === "processing" ? t.processing(format.percent(row.percent)) : t[row.state];
  return (
    <Badge variant="dot" color={COLOURS[row.state]} title={reasonOf(row, language) || undefined}>
      {text}
    </Badge>
  );
}
