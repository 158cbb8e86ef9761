import { defineConfig, type UserConfig } from "vite";
import { wat } from "./vite-wat.ts";

const outDir = new URL("../../src/openvod/surfaces/assets/sdk", import.meta.url).pathname;

/** One build for each file that pages load: `vite build --mode <name>`. */
const builds: Record<string, UserConfig["build"]> = {
  esm: {
    lib: { entry: "src/index.ts", formats: ["es"], fileName: () => "openvod.esm.js" },
    rolldownOptions: { output: { minify: true, exports: "named" } },
  },
  umd: {
    lib: { entry: "src/umd.ts", formats: ["umd"], name: "TcVod", fileName: () => "openvod.umd.js" },
    rolldownOptions: { output: { minify: true, exports: "named" } },
  },
  component: {
    lib: { entry: "src/component/index.ts", formats: ["es"], fileName: () => "openvod-upload.esm.js" },
    // Beside it lies the SDK, which the page may have loaded already.
    rolldownOptions: { external: ["../index"], output: { minify: true, paths: () => "./openvod.esm.js" } },
  },
};

export default defineConfig(({ mode }) => ({
  build: { outDir, emptyOutDir: mode === "esm", target: "es2022", minify: true, ...builds[mode] },
  plugins: [wat()],
  worker: { format: "iife", plugins: () => [wat()] },
}));
