import { Alert, AppShell, Burger, Group, Menu, NavLink, ScrollArea, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconLogout, IconPlugConnectedX } from "@tabler/icons-react";
import { type ReactNode, useEffect } from "react";
import { useNotify } from "../components/failure";
import { useWords } from "../language";
import { useLiveState } from "../live";
import { to, useAddress } from "../router";
import { GROUPS, ROUTES } from "../routes";
import { useSession } from "../session";
import { shell, titles } from "../words";
import { ApplicationChooser } from "./application-chooser";
import classes from "./layout.module.css";
import { Preferences } from "./preferences";

export function Layout({ children }: { readonly children: ReactNode }) {
  const t = useWords(shell);
  const [opened, { toggle, close }] = useDisclosure();
  const { path } = useAddress();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the navigation of phones
  useEffect(close, [path]);
  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 230, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", sm: "lg" }}
    >
      <button type="button" className={classes.skip} onClick={skip}>
        {t.skip}
      </button>
      <AppShell.Header>
        <Group h="100%" px="sm" justify="space-between" wrap="nowrap" gap="xs">
          <Group gap="xs" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label={opened ? t.closeNavigation : t.openNavigation}
              aria-expanded={opened}
            />
            <a className={classes.brand} href="#/">
              {t.product}
            </a>
            <LiveDot />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <ApplicationChooser />
            <Account />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar aria-label={t.navigation}>
        <ScrollArea p="xs">
          <Navigation path={path} />
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} style={{ outline: "none" }}>
        <OfflineNotice />
        {children}
      </AppShell.Main>
    </AppShell>
  );
}

/** A button, not a link, because the URL fragment holds the page's path. */
function skip(): void {
  document.getElementById("content")?.focus();
}

function Navigation({ path }: { readonly path: string }) {
  const t = useWords(titles);
  const { may } = useSession();
  return GROUPS.map((group) => {
    const routes = ROUTES.filter((route) => route.group === group && route.icon && may(route.role));
    if (routes.length === 0) return null;
    return (
      <div key={group}>
        <Text size="xs" c="dimmed" fw={600} px="sm" pt="sm" pb={4} id={`nav-${group}`}>
          {t[group]}
        </Text>
        <ul aria-labelledby={`nav-${group}`} style={{ listStyle: "none", margin: 0, padding: 0 }}>
          {routes.map(({ icon: Icon, ...route }) => {
            const current = route.path === path || (route.path !== "/" && path.startsWith(`${route.path}/`));
            return (
              <li key={route.path}>
                <NavLink
                  href={to(route.path)}
                  label={t[route.title]}
                  leftSection={Icon && <Icon size={18} aria-hidden />}
                  active={current}
                  {...(current ? { "aria-current": "page" } : {})}
                  style={{ borderRadius: "var(--mantine-radius-md)" }}
                />
              </li>
            );
          })}
        </ul>
      </div>
    );
  });
}

function LiveDot() {
  const t = useWords(shell);
  const state = useLiveState();
  const text = state === "open" ? t.live : t.connecting;
  return <span className={classes.dot} data-state={state} role="img" aria-label={text} title={text} />;
}

function OfflineNotice() {
  const t = useWords(shell);
  if (useLiveState() !== "lost") return null;
  return (
    <Alert color="orange" mb="md" role="status" icon={<IconPlugConnectedX aria-hidden />}>
      {t.lost}
    </Alert>
  );
}

function Account() {
  const t = useWords(shell);
  const { name, signOut } = useSession();
  const notify = useNotify();
  const leave = (everywhere: boolean) => () => {
    signOut(everywhere).then(() => everywhere && notify.success(t.everywhereDone), notify.error);
  };
  return (
    <Preferences name={name}>
      <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={leave(false)}>
        {t.signOut}
      </Menu.Item>
      <Menu.Item onClick={leave(true)}>{t.signOutEverywhere}</Menu.Item>
      <Menu.Divider />
    </Preferences>
  );
}
