import type { Plugin } from "vite";
import wabt from "wabt";

/** Import `.wat` files, the text form of WebAssembly: the default export is the module's bytes, a `Uint8Array`. */
export function wat(): Plugin {
  return {
    name: "wat",
    async load(id) {
      if (!id.endsWith(".wat")) return undefined;
      const source = (await wabt()).parseWat(id, await this.fs.readFile(id, { encoding: "utf8" }));
      const code = btoa(String.fromCharCode(...source.toBinary({}).buffer));
      source.destroy();
      return `export default Uint8Array.from(atob("${code}"), (letter) => letter.charCodeAt(0));`;
    },
  };
}
