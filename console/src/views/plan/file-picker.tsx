/** Chooses a file by its name. */
import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { callAction } from "../../api/client";
import { useApplication } from "../../application";
import { useWords } from "../../language";
import { words } from "./words";

const PAUSE_MILLISECONDS = 250;

interface Props {
  readonly value: string;
  readonly choose: (fileId: string) => void;
}

export function FilePicker({ value, choose }: Props) {
  const t = useWords(words);
  const { subAppId } = useApplication();
  const [typed, setTyped] = useState("");
  const [text] = useDebouncedValue(typed, PAUSE_MILLISECONDS);
  const result = useQuery({
    queryKey: ["media", subAppId, "picker", text],
    queryFn: () => {
      const sought = text ? { Names: [text] } : {};
      return callAction("SearchMedia", { SubAppId: subAppId, Limit: 30, Filters: ["basicInfo"], ...sought });
    },
    placeholderData: (before) => before,
  });
  const [label, setLabel] = useState("");
  const options = (result.data?.MediaInfoSet ?? []).map((each) => ({
    value: each.FileId,
    label: `${each.BasicInfo?.Name || "–"} (${each.FileId})`,
  }));
  // The chosen file stays an option during a search for another.
  const chosen = value && !options.some((each) => each.value === value) ? [{ value, label: label || value }] : [];
  return (
    <Select
      label={t.file}
      placeholder={t.search}
      nothingFoundMessage={t.noFiles}
      searchable
      data={[...chosen, ...options]}
      // The server has filtered by the text already; filtering the labels again would drop matches.
      filter={({ options: all }) => all}
      value={value || null}
      onChange={(fileId, option) => {
        setLabel(option?.label ?? "");
        choose(fileId ?? "");
      }}
      onSearchChange={(search) =>
        setTyped(options.some((each) => each.label === search) || search === label ? "" : search)
      }
      maw={520}
    />
  );
}
