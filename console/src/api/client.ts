/** The console's API, typed from its OpenAPI description; error responses are thrown as `Problem`. */
import createClient from "openapi-fetch";
import type { components, paths } from "../api.gen";
import { Problem } from "./problem";

export type Schemas = components["schemas"];
export type Role = Schemas["Role"];

let csrf = "";
let signedOut: () => void = () => {};

/** Sets the CSRF token for all later requests that change data. */
export function setCsrfToken(token: string): void {
  csrf = token;
}

/** Sets the handler for a session that the server no longer accepts. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler;
}

let outdated: () => void = () => {};

/** Sets the handler for a CSRF token that is stale because another tab signed in. */
export function onOutdated(handler: () => void): void {
  outdated = handler;
}

/** Calls whose 401 means a wrong password or invitation, not an ended session. */
const OPEN = new Set(["POST /api/v1/session", "POST /api/v1/invites/look", "POST /api/v1/invites/accept"]);

export const api = createClient<paths>({ baseUrl: "", credentials: "same-origin", fetch: (request) => fetch(request) });
api.use({
  onRequest({ request }) {
    if (request.method !== "GET" && csrf) request.headers.set("X-CSRF-Token", csrf);
    return request;
  },
  onResponse({ request, response, schemaPath }) {
    if (response.status === 401 && !OPEN.has(`${request.method} ${schemaPath}`)) signedOut();
  },
});

interface Answer<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** Returns the data of a response; throws a `Problem` for an error response and for an unreachable server. */
export async function unwrap<T>(answer: Promise<Answer<T>>): Promise<T> {
  let answered: Answer<T>;
  try {
    answered = await answer;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw Problem.unreachable();
  }
  if (!answered.response.ok) {
    const problem = Problem.of(answered.response, answered.error);
    if (problem.code === "account.csrf") outdated();
    throw problem;
  }
  return answered.data as T;
}

type ActionPath = Extract<keyof paths, `/api/v1/actions/${string}`>;
export type Action = ActionPath extends `/api/v1/actions/${infer Name}` ? Name : never;
type Operation<A extends Action> = paths[`/api/v1/actions/${A}`] extends { post: infer Post } ? Post : never;
export type ActionBody<A extends Action> =
  Operation<A> extends { requestBody?: { content: { "application/json": infer Body } } } ? Body : never;
export type ActionAnswer<A extends Action> =
  Operation<A> extends { responses: { 200: { content: { "application/json": infer Body } } } } ? Body : never;

/** Calls an action of the server API. */
export function callAction<A extends Action>(name: A, body: ActionBody<A>): Promise<ActionAnswer<A>> {
  // The client's types accept literal paths only; this function's signature types the body and the response.
  const post = api.POST as (path: string, options: unknown) => Promise<Answer<ActionAnswer<A>>>;
  return unwrap(post(`/api/v1/actions/${name}`, { body }));
}
