/** Names of files that lists know by their ids alone. */
import { Text } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import { act } from "../api/client";
import { useApplication } from "../application";

/** As many as one call takes. */
const CHUNK = 20;

/** Return the names of files that are there, by id; asked for in few calls, and kept. */
export function useFileNames(fileIds: readonly string[]): ReadonlyMap<string, string> {
  const { subAppId } = useApplication();
  const wanted = [...new Set(fileIds.filter(Boolean))];
  const chunks = Array.from({ length: Math.ceil(wanted.length / CHUNK) }, (_, index) =>
    wanted.slice(index * CHUNK, (index + 1) * CHUNK),
  );
  return useQueries({
    queries: chunks.map((chunk) => ({
      queryKey: ["names", subAppId, ...chunk],
      queryFn: () => act("DescribeMediaInfos", { SubAppId: subAppId, FileIds: chunk, Filters: ["basicInfo"] }),
    })),
    combine: (answers) =>
      new Map(
        answers.flatMap((answer) =>
          (answer.data?.MediaInfoSet ?? []).map((each) => [each.FileId, each.BasicInfo?.Name ?? ""]),
        ),
      ),
  });
}

/** A file's name over its id; the id alone where there is no file any more. */
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
