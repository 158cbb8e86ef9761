import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { keptApplication } from "./application";
import { queries } from "./queries";
import { match, parse } from "./router";
import { ROUTES } from "./routes";
import { prefetchSession } from "./session";

// Load the view's script in parallel with the session, and its data in parallel with the first render.
const { path, query } = parse(location.hash.replace(/^#/, ""));
const route = ROUTES.find((each) => match(each.path, path));
if (route) {
  Promise.all([prefetchSession(queries), route.load()])
    .then(([me, view]) => me && view.prefetch?.(queries, keptApplication(), query))
    // The page requests the data again and shows the failure.
    .catch(() => {});
}

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
