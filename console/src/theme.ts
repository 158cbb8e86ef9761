/** Mantine's theme, with colours that have the contrast of WCAG AA. */
import { Badge, type CSSVariablesResolver, createTheme } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "blue",
  primaryShade: { light: 9, dark: 8 },
  autoContrast: true,
  defaultRadius: "md",
  cursorType: "pointer",
  respectReducedMotion: true,
  // A badge never truncates its text: its cell grows instead.
  components: {
    Badge: Badge.extend({ defaultProps: { tt: "none", fw: 600 }, styles: { root: { minWidth: "max-content" } } }),
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif',
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "var(--mantine-color-gray-7)",
    "--mantine-color-placeholder": "var(--mantine-color-gray-7)",
    "--mantine-color-error": "var(--mantine-color-red-9)",
    "--openvod-surface": "var(--mantine-color-gray-0)",
    "--openvod-bar": "var(--mantine-color-blue-8)",
  },
  dark: {
    "--mantine-color-dimmed": "var(--mantine-color-dark-1)",
    "--mantine-color-placeholder": "var(--mantine-color-dark-2)",
    "--mantine-color-error": "var(--mantine-color-red-4)",
    "--openvod-surface": "var(--mantine-color-dark-8)",
    "--openvod-bar": "var(--mantine-color-blue-5)",
  },
});
