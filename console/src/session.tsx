/** The signed-in user. The session is an HttpOnly cookie; scripts see the name, the role and the CSRF token. */
import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect } from "react";
import { api, onOutdated, onSignedOut, type Role, type Schemas, setCsrfToken, unwrap } from "./api/client";
import { Problem } from "./api/problem";
import { Failure } from "./components/failure";
import { Loading } from "./components/states";

type Me = Schemas["Me"];
const KEY = ["session"];
const RANK: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 };

export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly may: (role: Role) => boolean;
  readonly signOut: (everywhere: boolean) => Promise<void>;
}

const Current = createContext<Session | null>(null);

async function fetchSession(): Promise<Me | null> {
  try {
    const me = await unwrap(api.GET("/api/v1/session"));
    setCsrfToken(me.csrfToken);
    return me;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    throw error;
  }
}

/** Starts a session and clears the cached data of the previous user. */
export function signedIn(queries: QueryClient, me: Me): void {
  setCsrfToken(me.csrfToken);
  queries.removeQueries({ predicate: (query) => query.queryKey[0] !== KEY[0] });
  queries.setQueryData(KEY, me);
}

/** Checks the session; shows the sign-in page at the same address if the session has ended. */
export async function checkSession(queries: QueryClient): Promise<void> {
  const me = await fetchSession();
  queries.setQueryData(KEY, me);
}

async function signOut(queries: QueryClient, everywhere: boolean): Promise<void> {
  await unwrap(everywhere ? api.DELETE("/api/v1/sessions") : api.DELETE("/api/v1/session"));
  queries.setQueryData(KEY, null);
}

const QUERY = { queryKey: KEY, queryFn: fetchSession, staleTime: Number.POSITIVE_INFINITY };

/** Requests the session before the first render, in parallel with the view's script. */
export function prefetchSession(queries: QueryClient): Promise<Me | null> {
  return queries.fetchQuery(QUERY);
}

interface Props {
  readonly children: ReactNode;
  /** Shown to visitors who are not signed in. */
  readonly signedOutView: ReactNode;
}

export function SessionProvider({ children, signedOutView }: Props) {
  const queries = useQueryClient();
  const { data: me, error, refetch } = useQuery(QUERY);
  useEffect(() => {
    onSignedOut(() => queries.setQueryData(KEY, null));
    onOutdated(() => void checkSession(queries).catch(() => {}));
  }, [queries]);
  if (me === undefined) return error ? <Failure problem={error} retry={() => void refetch()} /> : <Loading tall />;
  if (me === null) return signedOutView;
  const session: Session = {
    name: me.name,
    role: me.role,
    may: (role) => RANK[me.role] >= RANK[role],
    signOut: (everywhere) => signOut(queries, everywhere),
  };
  return <Current value={session}>{children}</Current>;
}

export function useSession(): Session {
  const session = useContext(Current);
  if (!session) throw new Error("no SessionProvider");
  return session;
}
