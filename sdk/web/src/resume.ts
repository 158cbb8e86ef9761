/** The store of unfinished uploads, which pages of the same browser can resume for a day. */

import { hex } from "./hash/blocks";
import { Sha1 } from "./hash/sha1";

/** What is needed to resume. */
export interface Unfinished {
  sessionKey: string;
  uploadId: string;
  partSize: number;
  savedAt: number;
}

/** Stores unfinished uploads by a key of server and content. */
export interface ResumeStore {
  load(key: string): Unfinished | undefined;
  save(key: string, unfinished: Unfinished): void;
  forget(key: string): void;
}

/** The platform keeps a session for a day. */
const KEPT_MILLISECONDS = 86_400_000;
const PREFIX = "openvod-upload:";
const SAMPLE = 64 * 1024;
const SAMPLES = 16;

/**
 * Return a fingerprint of the content: name, size and samples spread over the file.
 *
 * The modification date is left out, because a downloaded or copied file gets a new one. Samples need not detect every
 * difference: each stored part is compared as a whole before it counts as sent.
 */
export async function fingerprint(file: File): Promise<string> {
  const samples: Blob[] = [];
  const step = Math.max(SAMPLE, Math.floor((file.size - SAMPLE) / (SAMPLES - 1)));
  for (let at = 0; at < file.size; at += step) samples.push(file.slice(at, at + SAMPLE));
  // One read for all samples: each read costs the browser milliseconds to start.
  const bytes = await new Blob([`${file.name}\0${file.size}\0`, ...samples]).arrayBuffer();
  return hex(new Sha1().update(new Uint8Array(bytes)).digest());
}

/** The store in the browser's `localStorage`; where that is forbidden, uploads work without resume. */
export class LocalResumeStore implements ResumeStore {
  load(key: string): Unfinished | undefined {
    return tried(() => this.#read(PREFIX + key));
  }

  save(key: string, unfinished: Unfinished): void {
    tried(() => {
      this.#prune();
      localStorage.setItem(PREFIX + key, JSON.stringify(unfinished));
    });
  }

  forget(key: string): void {
    tried(() => localStorage.removeItem(PREFIX + key));
  }

  #read(name: string): Unfinished | undefined {
    const found = JSON.parse(localStorage.getItem(name) ?? "null") as Partial<Unfinished> | null;
    const { sessionKey, uploadId, partSize, savedAt } = found ?? {};
    if (!sessionKey || !uploadId || !partSize || !savedAt) return undefined;
    return Date.now() - savedAt < KEPT_MILLISECONDS ? { sessionKey, uploadId, partSize, savedAt } : undefined;
  }

  #prune(): void {
    const ours = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    for (const name of ours) if (!tried(() => this.#read(name))) localStorage.removeItem(name);
  }
}

function tried<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
