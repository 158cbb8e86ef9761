/** How files stand, asked for in few calls and told in the words of the vocabulary. */
import { Badge } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { api, ask } from "../api/client";
import { useApplication } from "../application";
import { useFormat } from "../format";
import { useLanguage, useWords } from "../language";
import { type FileState, type FileStateRow, fileWords, reasonOf } from "../vocabulary";

/** As many as one call takes. */
const CHUNK = 50;
/** A file that is on its way somewhere is looked at again so soon, in case the live stream is cut. */
const AGAIN_MILLISECONDS = 3000;
const COLOURS: Record<FileState, string> = {
  checking: "blue",
  processing: "blue",
  ready: "green",
  not_playable: "orange",
  damaged: "red",
  blocked: "red",
  deleted: "gray",
};

export function isOnItsWay(row: FileStateRow | undefined): boolean {
  return row?.state === "checking" || row?.state === "processing";
}

/** Return how files stand, by id. */
export function useFileStates(fileIds: readonly string[]): ReadonlyMap<string, FileStateRow> {
  const { subAppId } = useApplication();
  const wanted = [...new Set(fileIds.filter(Boolean))];
  const chunks = Array.from({ length: Math.ceil(wanted.length / CHUNK) }, (_, index) =>
    wanted.slice(index * CHUNK, (index + 1) * CHUNK),
  );
  return useQueries({
    queries: chunks.map((chunk) => ({
      queryKey: ["states", subAppId, ...chunk],
      queryFn: () => ask(api.GET("/api/v1/media/states", { params: { query: { fileId: chunk, subAppId } } })),
      refetchInterval: (query: { state: { data?: { items: FileStateRow[] } | undefined } }) =>
        query.state.data?.items.some(isOnItsWay) ? AGAIN_MILLISECONDS : (false as const),
    })),
    combine: (answers) => new Map(answers.flatMap((each) => each.data?.items ?? []).map((row) => [row.fileId, row])),
  });
}

/** Return how one file stands; undefined until it is known. */
export function useFileState(fileId: string): FileStateRow | undefined {
  return useFileStates([fileId]).get(fileId);
}

/** Says the state in words, and why where that matters; colour only repeats it. */
export function FileStateBadge({ row }: { readonly row: FileStateRow | undefined }) {
  const words = useWords(fileWords);
  const { language } = useLanguage();
  const format = useFormat();
  if (!row) return "–";
  const text = row.state === "processing" ? words.processing(format.percent(row.percent)) : words[row.state];
  return (
    <Badge variant="dot" color={COLOURS[row.state]} title={reasonOf(row, language) || undefined}>
      {text}
    </Badge>
  );
}
