/** What the routes know of a view: views import it, and nothing of the routes. */
import type { QueryClient } from "@tanstack/react-query";
import type { ComponentType } from "react";

/** The parts of the address that the route's pattern names, decoded. */
export type Params = Readonly<Record<string, string>>;

export type View = ComponentType<{ readonly params: Params }>;

/** A view's script. When the console opens at the view, `prefetch` requests its data before it is rendered. */
export interface LoadedView {
  readonly default: View;
  readonly prefetch?: (queries: QueryClient, subAppId: number, query: URLSearchParams) => void;
}
