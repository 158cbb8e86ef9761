import { Button, Group, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import type { QueryClient } from "@tanstack/react-query";
import type { Schemas } from "../../api/client";
import { useApplication } from "../../application";
import { type Column, CursorTable } from "../../components/cursor-table";
import { FileStateBadge, useFileStates } from "../../components/file-state";
import { PageHeader } from "../../components/page-header";
import { Empty } from "../../components/states";
import { useFormat } from "../../format";
import { useWords } from "../../language";
import { changeQuery, to, useAddress } from "../../router";
import { useSession } from "../../session";
import type { FileStateRow } from "../../vocabulary";
import { titles } from "../../words";
import { FilterBar } from "./filter-bar";
import classes from "./library.module.css";
import { Poster } from "./poster";
import { anyFilter, filtersOf, type MediaPage, searchOptions, useSearch } from "./search";
import { words } from "./words";

type Media = Schemas["MediaInfo"];
const REACHABLE = 5000;

export function prefetch(queries: QueryClient, subAppId: number, query: URLSearchParams): void {
  void queries.prefetchInfiniteQuery(searchOptions(subAppId, filtersOf(query)));
}

export default function Library() {
  const t = useWords(words);
  const title = useWords(titles).media;
  const { subAppId } = useApplication();
  const filters = filtersOf(useAddress().query);
  const result = useSearch(subAppId, filters);
  const format = useFormat();
  const states = useFileStates(result.data?.pages.flatMap((page) => page.items.map((media) => media.FileId)) ?? []);
  const columns = useColumns(states);
  const total = result.data?.pages[0]?.total;
  return (
    <>
      <PageHeader
        title={title}
        help={<span role="status">{total !== undefined && t.files(format.number(total))}</span>}
      >
        <UploadButton />
      </PageHeader>
      <FilterBar filters={filters} />
      <CursorTable<Media, MediaPage>
        query={result}
        rows={(page) => page.items}
        rowKey={(media) => media.FileId}
        columns={columns}
        href={(media) => to(`/media/${media.FileId}`)}
        label={t.list}
        empty={<Nothing filtered={anyFilter(filters)} />}
      />
      {total !== undefined && total > REACHABLE && !result.hasNextPage && <Text size="sm">{t.limit}</Text>}
    </>
  );
}

function useColumns(states: ReadonlyMap<string, FileStateRow>): Column<Media>[] {
  const t = useWords(words);
  const format = useFormat();
  return [
    { key: "name", title: t.name, cell: (media) => <Name media={media} /> },
    {
      key: "status",
      title: t.status,
      width: 190,
      cell: (media) => <FileStateBadge row={states.get(media.FileId)} />,
    },
    {
      key: "length",
      title: t.length,
      width: 100,
      cell: ({ MetaData: data, BasicInfo: basic }) =>
        data && basic?.Category !== "Image" ? format.duration(data.Duration) : "–",
    },
    {
      key: "size",
      title: t.size,
      width: 110,
      cell: ({ MetaData: data }) => (data ? format.bytes(data.Size) : "–"),
    },
    {
      key: "uploaded",
      title: t.uploaded,
      width: 210,
      cell: ({ BasicInfo: basic }) => format.time(basic?.CreateTime),
    },
  ];
}

function Name({ media }: { readonly media: Media }) {
  const basic = media.BasicInfo;
  return (
    <Group gap="sm" wrap="nowrap">
      <Poster url={basic?.CoverUrl ?? ""} category={basic?.Category ?? ""} />
      <span className={classes.name}>{basic?.Name || media.FileId}</span>
    </Group>
  );
}

function UploadButton() {
  const t = useWords(words);
  const { may } = useSession();
  if (!may("operator")) return null;
  return (
    <Button component="a" href={to("/upload")} leftSection={<IconUpload size={16} aria-hidden />}>
      {t.upload}
    </Button>
  );
}

function Nothing({ filtered }: { readonly filtered: boolean }) {
  const t = useWords(words);
  if (!filtered) {
    return (
      <Empty title={t.empty} help={t.emptyHelp}>
        <UploadButton />
      </Empty>
    );
  }
  const clear = () => changeQuery({ text: "", class: "", type: "", status: "", review: "" });
  return (
    <Empty title={t.nothing} help={t.nothingHelp}>
      <Button variant="default" onClick={clear}>
        {t.clear}
      </Button>
    </Empty>
  );
}
