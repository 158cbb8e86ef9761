import { defineConfig } from "vite";

export default defineConfig({
  base: "/play/",
  build: { outDir: "../src/openvod/surfaces/assets/player", emptyOutDir: true, chunkSizeWarningLimit: 800 },
});
