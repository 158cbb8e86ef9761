/** Types shared by routes and views, so that views do not import the routes. */
import type { QueryClient } from "@tanstack/react-query";
import type { ComponentType } from "react";

/** The decoded path parameters of the route. */
export type Params = Readonly<Record<string, string>>;

export type View = ComponentType<{ readonly params: Params }>;

/** A view's script. When the console opens at the view, `prefetch` requests its data before it is rendered. */
export interface LoadedView {
  readonly default: View;
  readonly prefetch?: (queries: QueryClient, subAppId: number, query: URLSearchParams) => void;
}
