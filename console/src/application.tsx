/** The selected application. Query keys begin with [kind, subAppId], which separates applications in the cache. */
import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useState } from "react";
import { api, type Schemas, unwrap } from "./api/client";
import { loadPreference, savePreference } from "./preferences";

interface Application {
  /** 0: the main application. */
  readonly subAppId: number;
  readonly choose: (subAppId: number) => void;
}

const Chosen = createContext<Application>({ subAppId: 0, choose: () => {} });

/** Reads the application that was selected last. */
export function keptApplication(): number {
  return Number(loadPreference("application")) || 0;
}

export function ApplicationProvider({ children }: { readonly children: ReactNode }) {
  const [subAppId, setSubAppId] = useState(keptApplication);
  const application = useMemo(
    () => ({
      subAppId,
      choose: (chosen: number) => {
        savePreference("application", String(chosen));
        setSubAppId(chosen);
      },
    }),
    [subAppId],
  );
  return <Chosen value={application}>{children}</Chosen>;
}

export function useApplication(): Application {
  return useContext(Chosen);
}

export function useApplications(): readonly Schemas["ApplicationRow"][] {
  const result = useQuery({ queryKey: ["applications"], queryFn: () => unwrap(api.GET("/api/v1/applications")) });
  return result.data?.items ?? [];
}
