import { MantineProvider } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { QueryClientProvider } from "@tanstack/react-query";
import { Suspense } from "react";
import { ApplicationProvider } from "./application";
import { ConfirmProvider } from "./components/confirm";
import { ErrorBoundary } from "./components/error-boundary";
import { Empty, Loading } from "./components/states";
import { LanguageProvider, useWords } from "./language";
import { Layout } from "./layout/layout";
import { LiveProvider } from "./live";
import { queries } from "./queries";
import { match, useAddress } from "./router";
import { ROUTES } from "./routes";
import { SessionProvider, useSession } from "./session";
import { theme, variables } from "./theme";
import { Invite } from "./views/sign-in/invite";
import { SignIn } from "./views/sign-in/sign-in";
import { shell } from "./words";

export function App() {
  return (
    <LanguageProvider>
      <MantineProvider theme={theme} cssVariablesResolver={variables} defaultColorScheme="auto">
        <QueryClientProvider client={queries}>
          <Notifications position="bottom-right" />
          <ConfirmProvider>
            <Entrance />
          </ConfirmProvider>
        </QueryClientProvider>
      </MantineProvider>
    </LanguageProvider>
  );
}

/** Invitations need no session; every other page does. */
function Entrance() {
  const { path } = useAddress();
  const invited = match("/invite/:token", path);
  if (invited) return <Invite key={invited.token} token={invited.token ?? ""} />;
  return (
    <SessionProvider signedOutView={<SignIn />}>
      <ApplicationProvider>
        <LiveProvider>
          <Layout>
            <ErrorBoundary place={path}>
              <Suspense fallback={<Loading tall />}>
                <Page path={path} />
              </Suspense>
            </ErrorBoundary>
          </Layout>
        </LiveProvider>
      </ApplicationProvider>
    </SessionProvider>
  );
}

function Page({ path }: { readonly path: string }) {
  const t = useWords(shell);
  const { may } = useSession();
  for (const route of ROUTES) {
    const params = match(route.path, path);
    if (!params) continue;
    if (!may(route.role)) return <Empty title={t.notAllowed} help={t.notAllowedHelp} />;
    return <route.component key={path} params={params} />;
  }
  return <Empty title={t.unknownPage} help={t.unknownPageHelp} />;
}
