/** What a script tag gives: `TcVod` as the official bundle does (`new TcVod.default(…)`), and the class `OpenVOD`. */

import { OpenVOD, servedBy } from "./client";

export * from "./sdk";
export default OpenVOD;

servedBy((document.currentScript as HTMLScriptElement | null)?.src ?? "");
Object.assign(globalThis, { OpenVOD });
