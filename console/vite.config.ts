import { defineConfig } from "vite";
import { wat } from "../sdk/web/vite-wat.ts";

export default defineConfig({
  base: "/console/",
  plugins: [wat()],
  worker: { plugins: () => [wat()] },
  build: {
    outDir: "../src/openvod/surfaces/assets/console",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    // A view's styles that could not be loaded are not asked for again; few as they are, they travel with the first.
    cssCodeSplit: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      onwarn(warning, warn) {
        // Marks for rendering on servers, which is not done here.
        if (warning.code !== "MODULE_LEVEL_DIRECTIVE") warn(warning);
      },
    },
  },
});
