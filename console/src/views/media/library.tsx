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
import { words as dictionary } from "./words";

type Media = Schemas["MediaInfo"];
const REACHABLE = 5000;

export function prefetch(queries: QueryClient, subAppId: number, query: URLSearchParams): void {
  void queries.prefetchInfiniteQuery(searchOptions(subAppId, filtersOf(query)));
}

export default function Library() {
  const words = useWords(dictionary);
  const title = useWords(titles).media;
  const { subAppId } = useApplication();
  const filters = filtersOf(useAddress().query);
  const found = useSearch(subAppId, filters);
  const format = useFormat();
  const states = useFileStates(found.data?.pages.flatMap((page) => page.items.map((media) => media.FileId)) ?? []);
  const columns = useColumns(states);
  const total = found.data?.pages[0]?.total;
  return (
    <>
      <PageHeader
        title={title}
        help={<span role="status">{total !== undefined && words.files(format.number(total))}</span>}
      >
        <UploadButton />
      </PageHeader>
      <FilterBar filters={filters} />
      <CursorTable<Media, MediaPage>
        query={found}
        rows={(page) => page.items}
        rowKey={(media) => media.FileId}
        columns={columns}
        href={(media) => to(`/media/${media.FileId}`)}
        label={words.list}
        empty={<Nothing filtered={anyFilter(filters)} />}
      />
      {total !== undefined && total > REACHABLE && !found.hasNextPage && <Text size="sm">{words.limit}</Text>}
    </>
  );
}

function useColumns(states: ReadonlyMap<string, FileStateRow>): Column<Media>[] {
  const words = useWords(dictionary);
  const format = useFormat();
  return [
    { key: "name", title: words.name, cell: (media) => <Name media={media} /> },
    {
      key: "status",
      title: words.status,
      width: 190,
      cell: (media) => <FileStateBadge row={states.get(media.FileId)} />,
    },
    {
      key: "length",
      title: words.length,
      width: 100,
      cell: ({ MetaData: data, BasicInfo: basic }) =>
        data && basic?.Category !== "Image" ? format.duration(data.Duration) : "–",
    },
    {
      key: "size",
      title: words.size,
      width: 110,
      cell: ({ MetaData: data }) => (data ? format.bytes(data.Size) : "–"),
    },
    {
      key: "uploaded",
      title: words.uploaded,
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
  const words = useWords(dictionary);
  const { may } = useSession();
  if (!may("operator")) return null;
  return (
    <Button component="a" href={to("/upload")} leftSection={<IconUpload size={16} aria-hidden />}>
      {words.upload}
    </Button>
  );
}

function Nothing({ filtered }: { readonly filtered: boolean }) {
  const words = useWords(dictionary);
  if (!filtered) {
    return (
      <Empty title={words.empty} help={words.emptyHelp}>
        <UploadButton />
      </Empty>
    );
  }
  const clear = () => changeQuery({ text: "", class: "", type: "", status: "", review: "" });
  return (
    <Empty title={words.nothing} help={words.nothingHelp}>
      <Button variant="default" onClick={clear}>
        {words.clear}
      </Button>
    </Empty>
  );
}
