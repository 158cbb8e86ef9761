import type { Committed } from "./control-plane";
import type { Progress } from "./progress";

/** The result of `done()`: the response of Commit and the SDK's own members. */
export interface UploadResult extends Committed {
  size: number;
  /** CRC-64/XZ of the media (of the cover, when that alone was sent), verified by the platform. */
  crc64: string;
  /** Bytes that an earlier run uploaded. */
  resumedBytes: number;
}

/** State of an upload. */
export type UploadState =
  | "preparing"
  | "uploading"
  | "paused"
  | "offline"
  | "retrying"
  | "committing"
  | "done"
  | "failed"
  | "cancelled";

/** A stored file, in the format of the official SDK. */
export interface StoredFile {
  Location: string;
  Bucket: string;
  Key: string;
  ETag: string;
  UploadId: string;
}

/** Events of an upload; `video_…` are older names of `media_…`. */
export interface UploaderEvents {
  media_progress: Progress;
  video_progress: Progress;
  media_upload: StoredFile;
  video_upload: StoredFile;
  cover_progress: Progress;
  cover_upload: StoredFile;
  /** Media and cover together. */
  progress: Progress;
  state: UploadState;
}
