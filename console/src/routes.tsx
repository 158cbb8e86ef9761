/** Every view is one entry, loaded when it is first opened. */
import { IconLayoutDashboard, IconMovie, IconUpload } from "@tabler/icons-react";
import type { QueryClient } from "@tanstack/react-query";
import { type ComponentType, lazy } from "react";
import type { Role } from "./api/client";
import { announce } from "./known-routes";
import type { TitleKey } from "./words";

export type Params = Readonly<Record<string, string>>;
export type View = ComponentType<{ readonly params: Params }>;
/** What a view's script brings; `early` asks for its data before it is drawn, when the console is opened there. */
interface Loaded {
  readonly default: View;
  readonly early?: (queries: QueryClient, subAppId: number, query: URLSearchParams) => void;
}
export const GROUPS = ["content", "processing", "settings"] as const;

interface Entry {
  /** `:name` stands for a part that the view gets in `params`. */
  readonly path: string;
  readonly title: TitleKey;
  readonly group: (typeof GROUPS)[number];
  /** Shown in the navigation; entries without one are reached from others. */
  readonly icon?: ComponentType<{ size?: number }>;
  /** Whoever has less does not get here. */
  readonly role: Role;
  readonly load: () => Promise<Loaded>;
}

const ENTRIES: readonly Entry[] = [
  {
    path: "/",
    title: "dashboard",
    group: "content",
    icon: IconLayoutDashboard,
    role: "viewer",
    load: () => import("./views/dashboard/dashboard"),
  },
  {
    path: "/media",
    title: "media",
    group: "content",
    icon: IconMovie,
    role: "viewer",
    load: () => import("./views/media/library"),
  },
  {
    path: "/media/:fileId",
    title: "mediaDetails",
    group: "content",
    role: "viewer",
    load: () => import("./views/media-details/details"),
  },
  {
    path: "/upload",
    title: "upload",
    group: "content",
    icon: IconUpload,
    role: "operator",
    load: () => import("./views/upload/upload"),
  },
];

const TRIES = 6;
const PAUSE_MILLISECONDS = 2000;

/** A cut while a view's script travels is waited for; what stays away after that is told by the page. */
async function patiently(load: Entry["load"]): Promise<Loaded> {
  for (let tried = 1; tried < TRIES; tried++) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  }
  return load();
}

export const ROUTES = ENTRIES.map((entry) => ({ ...entry, component: lazy(() => patiently(entry.load)) }));
export type Route = (typeof ROUTES)[number];

announce(ENTRIES.map((entry) => entry.path));
