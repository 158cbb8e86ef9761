/** Everything that the bundles export by name. */

export { type ClientOptions, OpenVOD } from "./client";
export type { Committed } from "./control-plane";
export {
  ApiError,
  ChecksumMismatch,
  type ErrorKind,
  LimitExceeded,
  OpenVodError,
  SignatureError,
  SignatureRefused,
  SourceChanged,
  StorageError,
  TransportError,
  UploadCancelled,
  UsageError,
} from "./errors";
export type { Progress } from "./progress";
export { type QueueEvents, type QueueItem, UploadQueue } from "./queue";
export type { ResumeStore, Unfinished } from "./resume";
export type { GetSignature, SignatureAnswer, SignatureSource } from "./signature";
export type { StoredFile, UploaderEvents, UploadResult, UploadState } from "./upload-events";
export type { UploadOptions } from "./upload-options";
export { Uploader } from "./uploader";
