/** What `/play/<FileId>/sources.json` tells (docs/reference/playback.md). */
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

/** How the file stands: the same vocabulary as in the console (docs/reference/file-states.md). */
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

/** A refusal of the server, by its code. */
export class Refused extends Error {
  constructor(readonly code: string) {
    super(code);
  }
}

/** Ask what can be played; throws `Refused`, and `TypeError` when the server cannot be reached. */
export async function ask(place: Location): Promise<Description> {
  const psign = new URLSearchParams(place.search).get("psign");
  const address = new URL(`${place.pathname.replace(/\/$/, "")}/sources.json`, place.origin);
  if (psign) address.searchParams.set("psign", psign);
  const answer = await fetch(address);
  if (answer.status >= 500) throw new TypeError("the server failed");
  const body = await answer.json();
  if (!answer.ok) throw new Refused(String(body.error?.code ?? ""));
  return body as Description;
}
