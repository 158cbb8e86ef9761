/** What went wrong, for programs: stable names. */
export type ErrorKind =
  | "cancelled"
  | "checksum"
  | "disk-full"
  | "empty"
  | "limit"
  | "name"
  | "network"
  | "permission"
  | "permission-expired"
  | "server"
  | "sign-in"
  | "signature"
  | "source-changed"
  | "type"
  | "usage";

const ADVICE: Record<ErrorKind, string> = {
  cancelled: "start the upload again when you want it",
  checksum: "upload the file again; if that fails too, check the disk and memory of this device",
  empty: "choose a file that has content",
  "disk-full": "tell the operator that the platform's disk is full; the upload goes on where it stopped",
  limit: "choose a smaller file, or ask for a permission that allows this one",
  name: "rename the file, then upload it again",
  network: "check the connection, then upload the same file again: it goes on where it stopped",
  permission: "ask the site's operator; uploading again will not help",
  "permission-expired": "reload the page to get a new permission, then upload the same file again",
  "sign-in": "sign in, then upload the same file again: it goes on where it stopped",
  server: "try again later; the upload goes on where it stopped",
  signature: "check the app's getSignature: it must return the signature, as a text or as JSON",
  "source-changed": "choose the file again",
  type: "choose a video, sound or picture file of a permitted type",
  usage: "correct the call; see the documentation of @openvod/upload",
};

/** Root of this SDK's errors: the message says what happened, `advice` what to do next. */
export class OpenVodError extends Error {
  override name = "OpenVodError";
  /** What went wrong, for programs. */
  readonly kind: ErrorKind;
  /** The control plane's number, or storage's name, of a refusal. */
  readonly code: number | string;

  constructor(kind: ErrorKind, message: string, code: number | string = kind) {
    super(`${message}; ${ADVICE[kind]}`);
    this.kind = kind;
    this.code = code;
  }

  /** What the user or the developer can do. */
  get advice(): string {
    return ADVICE[this.kind];
  }
}

/** The SDK was called with what it cannot use. */
export class UsageError extends OpenVodError {
  override name = "UsageError";
  constructor(message: string) {
    super("usage", message);
  }
}

/** The app's `getSignature` failed. */
export class SignatureError extends OpenVodError {
  override name = "SignatureError";
  constructor(message: string, kind: ErrorKind = "signature") {
    super(kind, message);
  }
}

/** The app's server refuses this user a signature; a retry does not help. */
export class SignatureRefused extends SignatureError {
  override name = "SignatureRefused";
  constructor(unknownUser: boolean, reason: string) {
    const usual = unknownUser ? "you are not signed in, or were away for too long" : "you may not upload here";
    super(reason || usual, unknownUser ? "sign-in" : "permission");
  }
}

/** No answer came, after all retries. */
export class TransportError extends OpenVodError {
  override name = "TransportError";
  constructor(message: string) {
    super("network", message);
  }
}

/** The file is beyond what the permission allows; found before a byte was sent. */
export class LimitExceeded extends OpenVodError {
  override name = "LimitExceeded";
  constructor(kind: "limit" | "type" | "empty", message: string, code: number | string) {
    super(kind, message, code);
  }
}

const API_KINDS: Record<number, ErrorKind> = {
  10004: "permission",
  10005: "permission",
  10010: "permission-expired",
  10011: "permission-expired",
  10020: "permission-expired",
  10021: "server",
  10022: "checksum",
  10023: "checksum",
  10040: "type",
  10041: "type",
  10042: "limit",
  10043: "name",
  10090: "server",
};

/** The control plane refused a call; `code` is its stable number. */
export class ApiError extends OpenVodError {
  override name = "ApiError";
  constructor(code: number, message: string) {
    super(API_KINDS[code] ?? "permission", `${message} (code ${code})`, code);
  }
}

/** Storage refused a request; `code` is the name in its error document. */
export class StorageError extends OpenVodError {
  override name = "StorageError";
  readonly status: number;
  readonly requestId: string;
  /** Storage's own words. */
  readonly reason: string;

  constructor(status: number, code: string, message: string, requestId: string) {
    super(storageKind(status, code, message), `${message} (${code}, HTTP ${status}, request ${requestId})`, code);
    this.status = status;
    this.requestId = requestId;
    this.reason = message;
  }
}

function storageKind(status: number, code: string, message: string): ErrorKind {
  if (code === "EntityTooLarge") return "limit";
  // The session was given up, as those are that nobody finishes in a day.
  if (code === "NoSuchUpload" || code === "NoSuchBucket") return "permission-expired";
  if (code === "BadDigest") return "checksum";
  if (code === "ExpiredToken" || message === "Request has expired") return "permission-expired";
  if (code === "AccessDenied" && /\b(disk|space)\b/i.test(message)) return "disk-full";
  return status >= 500 ? "server" : "permission";
}

/** What storage holds differs from the file, again after retries. */
export class ChecksumMismatch extends OpenVodError {
  override name = "ChecksumMismatch";
  constructor(message: string) {
    super("checksum", message);
  }
}

/** The file changed, or went away, while it was uploaded. */
export class SourceChanged extends OpenVodError {
  override name = "SourceChanged";
  constructor(message: string) {
    super("source-changed", message);
  }
}

/** `cancel()` was called. */
export class UploadCancelled extends OpenVodError {
  override name = "UploadCancelled";
  constructor() {
    super("cancelled", "the upload was cancelled");
  }
}
