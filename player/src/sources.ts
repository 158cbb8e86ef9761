/** The response of `/play/<FileId>/sources.json` (docs/reference/playback.md). */
export interface Source {
  kind: "ladder" | "instant" | "rendition" | "progressive";
  type: string;
  url: string;
  width: number;
  height: number;
}

export interface Subtitle {
  url: string;
  language: string;
  name: string;
}

/** State of the file, with the same values as in the console (docs/reference/file-states.md). */
export interface Standing {
  state: "checking" | "processing" | "ready" | "not_playable" | "damaged" | "blocked" | "deleted";
  percent: number;
  reason: string;
  detail: string;
}

export interface Description {
  fileId: string;
  title: string;
  kind: "video" | "audio";
  duration: number;
  state: "ladder" | "instant" | "rendition" | "progressive" | "waiting";
  pending: boolean;
  status: Standing;
  reason: string;
  poster: string | null;
  sources: Source[];
  sprite: { vtt: string } | null;
  subtitles: Subtitle[];
}

/** An error response of the server, with its code. */
export class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** Fetch the playable sources; throws `Refused` for an error response, `TypeError` for a server or network failure. */
export async function fetchDescription(place: Location): Promise<Description> {
  const psign = new URLSearchParams(place.search).get("psign");
  const address = new URL(`${place.pathname.replace(/\/$/, "")}/sources.json`, place.origin);
  if (psign) address.searchParams.set("psign", psign);
  const answer = await fetch(address);
  if (answer.status >= 500) throw new TypeError("the server failed");
  const body = await answer.json();
  if (!answer.ok) throw new Refused(String(body.error?.code ?? ""));
  return body as Description;
}
