/** Kinds of errors: stable names for programs. */
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
  cancelled: "start the upload again if you still want it",
  checksum: "upload the file again; if that fails too, check the disk and memory of this device",
  empty: "choose a file that is not empty",
  "disk-full": "tell the operator that the platform's disk is full; a retry resumes where the upload stopped",
  limit: "choose a smaller file, or ask for a permission that allows this one",
  name: "rename the file, then upload it again",
  network: "check the connection, then upload the same file again: it resumes where it stopped",
  permission: "ask the site's operator; a retry does not help",
  "permission-expired": "reload the page to get a new permission, then upload the same file again",
  "sign-in": "sign in, then upload the same file again: it resumes where it stopped",
  server: "try again later; the upload resumes where it stopped",
  signature: "check the app's getSignature: it must return the signature as text or JSON",
  "source-changed": "choose the file again",
  type: "choose a video, audio or image file of a permitted type",
  usage: "correct the call; see the documentation of @openvod/upload",
};

/** Base class of this SDK's errors: `message` says what happened, `advice` what to do next. */
export class OpenVodError extends Error {
  override name = "OpenVodError";
  /** The kind of error, for programs. */
  readonly kind: ErrorKind;
  /** The error code: a number of the control plane, or a name of storage. */
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

/** The SDK was called with invalid arguments. */
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

/** The app's server refused to sign for this user; a retry does not help. */
export class SignatureRefused extends SignatureError {
  override name = "SignatureRefused";
  constructor(unknownUser: boolean, reason: string) {
    const usual = unknownUser
      ? "you are not signed in, or your session has expired"
      : "you do not have permission to upload";
    super(reason || usual, unknownUser ? "sign-in" : "permission");
  }
}

/** No response after all retries. */
export class TransportError extends OpenVodError {
  override name = "TransportError";
  constructor(message: string) {
    super("network", message);
  }
}

/** The file exceeds the limits in the upload signature; detected before any byte is sent. */
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
  /** The message of storage's error document. */
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
  // The platform closed the session, as it does with sessions older than a day.
  if (code === "NoSuchUpload" || code === "NoSuchBucket") return "permission-expired";
  if (code === "BadDigest") return "checksum";
  if (code === "ExpiredToken" || message === "Request has expired") return "permission-expired";
  if (code === "AccessDenied" && /\b(disk|space)\b/i.test(message)) return "disk-full";
  return status >= 500 ? "server" : "permission";
}

/** The stored bytes differ from the file, after all retries. */
export class ChecksumMismatch extends OpenVodError {
  override name = "ChecksumMismatch";
  constructor(message: string) {
    super("checksum", message);
  }
}

/** The file was changed, moved or deleted during the upload. */
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
