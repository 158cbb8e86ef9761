import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { match, parse } from "./router";
import { ROUTES } from "./routes";

// The view's script travels while the session is asked for.
const { path } = parse(location.hash.replace(/^#/, ""));
void ROUTES.find((route) => match(route.path, path))
  ?.load()
  .catch(() => {});

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
