/** The list of views. A view's script is loaded when the view is first opened; the two start pages are in the main script. */
import {
  IconApps,
  IconBell,
  IconHistory,
  IconKey,
  IconLayoutDashboard,
  IconMapPin,
  IconMovie,
  IconProgress,
  IconRoute,
  IconShieldLock,
  IconShieldSearch,
  IconTemplate,
  IconTicket,
  IconUpload,
  IconUsers,
  IconWebhook,
} from "@tabler/icons-react";
import { type ComponentType, lazy } from "react";
import type { Role } from "./api/client";
import type { LoadedView } from "./view";
import * as dashboard from "./views/dashboard/dashboard";
import * as library from "./views/media/library";
import type { TitleKey } from "./words";

export const GROUPS = ["content", "processing", "settings"] as const;

interface Entry {
  /** `:name` stands for a part that the view gets in `params`. */
  readonly path: string;
  readonly title: TitleKey;
  readonly group: (typeof GROUPS)[number];
  /** Shown in the navigation; entries without an icon are not listed there. */
  readonly icon?: ComponentType<{ size?: number }>;
  /** The lowest role that may open the view. */
  readonly role: Role;
  readonly load: () => Promise<LoadedView>;
}

const ENTRIES: readonly Entry[] = [
  {
    path: "/",
    title: "dashboard",
    group: "content",
    icon: IconLayoutDashboard,
    role: "viewer",
    load: async () => dashboard,
  },
  {
    path: "/media",
    title: "media",
    group: "content",
    icon: IconMovie,
    role: "viewer",
    load: async () => library,
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
  {
    path: "/reviews",
    title: "reviews",
    group: "content",
    icon: IconShieldSearch,
    role: "viewer",
    load: () => import("./views/reviews/reviews"),
  },
  {
    path: "/reviews/:fileId",
    title: "review",
    group: "content",
    role: "viewer",
    load: () => import("./views/reviews/review"),
  },
  {
    path: "/tasks",
    title: "tasks",
    group: "processing",
    icon: IconProgress,
    role: "viewer",
    load: () => import("./views/tasks/tasks"),
  },
  {
    path: "/tasks/:taskId",
    title: "task",
    group: "processing",
    role: "viewer",
    load: () => import("./views/tasks/task"),
  },
  {
    path: "/events",
    title: "events",
    group: "processing",
    icon: IconBell,
    role: "viewer",
    load: () => import("./views/events/events"),
  },
  {
    path: "/events/:eventId",
    title: "event",
    group: "processing",
    role: "viewer",
    load: () => import("./views/events/event"),
  },
  {
    path: "/templates",
    title: "templates",
    group: "processing",
    icon: IconTemplate,
    role: "viewer",
    load: () => import("./views/templates/templates"),
  },
  {
    path: "/templates/:kind/:definition",
    title: "template",
    group: "processing",
    role: "viewer",
    load: () => import("./views/templates/template"),
  },
  {
    path: "/procedures",
    title: "procedures",
    group: "processing",
    icon: IconRoute,
    role: "viewer",
    load: () => import("./views/procedures/procedures"),
  },
  {
    path: "/procedures/:name",
    title: "procedure",
    group: "processing",
    role: "viewer",
    load: () => import("./views/procedures/procedure"),
  },
  {
    path: "/applications",
    title: "applications",
    group: "settings",
    icon: IconApps,
    role: "viewer",
    load: () => import("./views/applications/applications"),
  },
  {
    path: "/keys",
    title: "keys",
    group: "settings",
    icon: IconKey,
    role: "admin",
    load: () => import("./views/keys/keys"),
  },
  {
    path: "/regions",
    title: "regions",
    group: "settings",
    icon: IconMapPin,
    role: "viewer",
    load: () => import("./views/regions/regions"),
  },
  {
    path: "/endpoints",
    title: "endpoints",
    group: "settings",
    icon: IconWebhook,
    role: "operator",
    load: () => import("./views/endpoints/endpoints"),
  },
  {
    path: "/domains",
    title: "domains",
    group: "settings",
    icon: IconShieldLock,
    role: "admin",
    load: () => import("./views/domains/domains"),
  },
  {
    path: "/users",
    title: "users",
    group: "settings",
    icon: IconUsers,
    role: "admin",
    load: () => import("./views/users/users"),
  },
  {
    path: "/tokens",
    title: "tokens",
    group: "settings",
    icon: IconTicket,
    role: "viewer",
    load: () => import("./views/tokens/tokens"),
  },
  {
    path: "/audit",
    title: "audit",
    group: "settings",
    icon: IconHistory,
    role: "admin",
    load: () => import("./views/audit/audit"),
  },
];

const TRIES = 6;
const PAUSE_MILLISECONDS = 2000;

/** Retries loading a script after a network failure; the last failure goes to the error boundary. */
async function loadWithRetries(load: Entry["load"]): Promise<LoadedView> {
  for (let attempt = 1; attempt < TRIES; attempt++) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MILLISECONDS));
    }
  }
  return load();
}

export const ROUTES = ENTRIES.map((entry) => ({ ...entry, component: lazy(() => loadWithRetries(entry.load)) }));
export type Route = (typeof ROUTES)[number];
