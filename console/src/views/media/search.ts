/** The library's filters are in the address, so that a search can be bookmarked and shared. */
import { infiniteQueryOptions, useInfiniteQuery } from "@tanstack/react-query";
import { type ActionBody, callAction, type Schemas } from "../../api/client";

export const CATEGORIES = ["Video", "Audio", "Image"] as const;
export const STATUSES = ["Normal", "Forbidden", "SystemForbidden"] as const;
export const REVIEWS = ["pass", "review", "block", "notModerated"] as const;
const PAGE = 25;
const REACHABLE = 5000;

export interface Filters {
  readonly text: string;
  readonly classId: string;
  readonly type: string;
  readonly status: string;
  readonly review: string;
}

export function filtersOf(query: URLSearchParams): Filters {
  const get = (name: string) => query.get(name) ?? "";
  return { text: get("text"), classId: get("class"), type: get("type"), status: get("status"), review: get("review") };
}

export function anyFilter(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== "");
}

/** The address can contain any value: unknown values are ignored. */
function chosen<T extends string>(value: string, choices: readonly T[]): T[] {
  return choices.filter((choice) => choice === value);
}

function body(subAppId: number, filters: Filters, offset: number): ActionBody<"SearchMedia"> {
  const classId = Number(filters.classId);
  return {
    SubAppId: subAppId,
    Text: filters.text,
    Categories: chosen(filters.type, CATEGORIES),
    Status: chosen(filters.status, STATUSES),
    ReviewResults: chosen(filters.review, REVIEWS),
    ClassIds: filters.classId && Number.isInteger(classId) ? [classId] : [],
    Filters: ["basicInfo", "metaData"],
    Sort: { Field: "CreateTime", Order: "Desc" },
    Offset: offset,
    Limit: PAGE,
  };
}

export interface MediaPage {
  readonly items: readonly Schemas["MediaInfo"][];
  readonly total: number;
  readonly next: number | undefined;
}

export function searchOptions(subAppId: number, filters: Filters) {
  return infiniteQueryOptions({
    queryKey: ["media", subAppId, filters],
    queryFn: async ({ pageParam }: { pageParam: number }): Promise<MediaPage> => {
      const found = await callAction("SearchMedia", body(subAppId, filters, pageParam));
      const next = pageParam + PAGE;
      const more = found.MediaInfoSet.length === PAGE && next < Math.min(found.TotalCount, REACHABLE);
      return { items: found.MediaInfoSet, total: found.TotalCount, next: more ? next : undefined };
    },
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
  });
}

export function useSearch(subAppId: number, filters: Filters) {
  return useInfiniteQuery({
    ...searchOptions(subAppId, filters),
    // Keep the previous list during typing, instead of a spinner.
    placeholderData: (before) => before,
  });
}
