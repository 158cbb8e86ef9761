/** OpenVOD's upload client for the browser; a drop-in for the calls of the official web SDK. */

import { servedBy } from "./client";

export { OpenVOD as default } from "./client";
export * from "./sdk";

servedBy(import.meta.url);
