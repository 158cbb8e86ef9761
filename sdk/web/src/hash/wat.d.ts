/** The bytes of a WebAssembly module, assembled at build time by `vite-wat.ts`. */
declare module "*.wat" {
  const code: Uint8Array<ArrayBuffer>;
  export default code;
}
