import { UsageError } from "./errors";
import { UploadQueue } from "./queue";
import { LocalResumeStore, type ResumeStore } from "./resume";
import { type GetSignature, type SignatureSource, signaturesFrom } from "./signature";
import type { UploadOptions } from "./upload-options";
import { Uploader } from "./uploader";

/** Options of the client. Options of the official web SDK that have no meaning here are accepted and ignored. */
export interface ClientOptions extends Partial<SignatureSource> {
  /** Fetches a signature from the app's own server; `signatureUrl` is the alternative. */
  getSignature?: GetSignature | undefined;
  /** Accepted files, as in `<input accept>`; a queue refuses others when they are added. */
  accept?: string | undefined;
  /** The platform's URL; by default the origin that served this script. */
  host?: string | undefined;
  /** `false`: do not store unfinished uploads, and resume none. */
  enableResume?: boolean | undefined;
  /** Store of unfinished uploads; default: `localStorage`. */
  resumeStore?: ResumeStore | undefined;
  allowReport?: boolean | undefined;
  appId?: number | undefined;
  reportId?: string | undefined;
  enableRaceRegion?: boolean | undefined;
}

/** Uploads files to one platform. */
export class OpenVOD {
  readonly #options: ClientOptions;
  readonly #server: string;
  readonly #getSignature: GetSignature;

  constructor(options: ClientOptions) {
    this.#getSignature = signerOf(options);
    this.#options = options;
    this.#server = serverOf(options.host);
  }

  /** Start an upload. */
  upload(options: UploadOptions): Uploader {
    const { enableResume, resumeStore } = this.#options;
    const store = enableResume === false ? undefined : (resumeStore ?? new LocalResumeStore());
    return new Uploader({ server: this.#server, getSignature: this.#getSignature, store }, options);
  }

  /** Make a queue that uploads many files, `atOnce` at a time. */
  queue(atOnce = 2): UploadQueue {
    return new UploadQueue((options) => this.upload(options), atOnce, this.#options.accept);
  }
}

function signerOf(options: ClientOptions): GetSignature {
  const { getSignature, signatureUrl, signatureHeaders, signatureCredentials } = options ?? {};
  if (typeof getSignature === "function") return getSignature;
  if (!signatureUrl) throw new UsageError("the client needs getSignature or signatureUrl");
  return signaturesFrom({ signatureUrl, signatureHeaders, signatureCredentials });
}

let servedFrom = "";

/** Set the address of this script: a platform serves it below `/sdk/`. */
export function servedBy(address: string): void {
  servedFrom = address;
}

function serverOf(host: string | undefined): string {
  if (host === undefined)
    return /^https?:.*\/sdk\/openvod[^/]*\.js/.test(servedFrom) ? new URL(servedFrom).origin : location.origin;
  try {
    const url = new URL(/^https?:\/\//.test(host) ? host : `${location.protocol}//${host}`);
    return url.origin + url.pathname.replace(/\/+$/, "");
  } catch {
    throw new UsageError(`host '${host}' is not a URL; use one like https://vod.example.com`);
  }
}
