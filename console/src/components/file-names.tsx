/** Resolves file ids in lists to file names. */
import { Text } from "@mantine/core";
import { type ActionAnswer, callAction } from "../api/client";
import { type IdSource, useByIds } from "./use-by-ids";

const NAMES: IdSource<ActionAnswer<"DescribeMediaInfos">, string> = {
  name: "names",
  limit: 20,
  fetch: (ids, subAppId) =>
    callAction("DescribeMediaInfos", { SubAppId: subAppId, FileIds: ids, Filters: ["basicInfo"] }),
  entries: (answer) => answer.MediaInfoSet.map((each) => [each.FileId, each.BasicInfo?.Name ?? ""]),
};

/** Return the names of files that exist, by id. */
export function useFileNames(fileIds: readonly string[]): ReadonlyMap<string, string> {
  return useByIds(fileIds, NAMES);
}

/** A file's name above its id; the id alone for a deleted file. */
export function FileName({ fileId, names }: { readonly fileId: string; readonly names: ReadonlyMap<string, string> }) {
  const name = names.get(fileId);
  if (!name) return fileId || "–";
  return (
    <div>
      {name}
      <Text component="span" display="block" size="xs" c="dimmed">
        {fileId}
      </Text>
    </div>
  );
}
