import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { keptApplication } from "./application";
import { queries } from "./queries";
import { match, parse } from "./router";
import { ROUTES } from "./routes";
import { prefetchSession } from "./session";

// The view's script travels while the session is asked for, and its data while the page is drawn.
const { path, query } = parse(location.hash.replace(/^#/, ""));
const route = ROUTES.find((each) => match(each.path, path));
if (route) {
  Promise.all([prefetchSession(queries), route.load()])
    .then(([me, view]) => me && view.prefetch?.(queries, keptApplication(), query))
    // Whatever fails here is asked for again by the page, which says so.
    .catch(() => {});
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
