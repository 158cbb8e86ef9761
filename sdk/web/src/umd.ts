/** Globals of the script tag: `TcVod` as in the official bundle (`new TcVod.default(…)`), and the class `OpenVOD`. */

import { OpenVOD, servedBy } from "./client";

export * from "./sdk";
export default OpenVOD;

servedBy((document.currentScript as HTMLScriptElement | null)?.src ?? "");
Object.assign(globalThis, { OpenVOD });
