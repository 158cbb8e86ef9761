import { UsageError } from "./errors";
import { type FileFacts, factsOf } from "./limits";

/** Options of an upload. Names of the official web SDK have the same meaning as there. */
export interface UploadOptions {
  mediaFile?: File | undefined;
  coverFile?: File | undefined;
  mediaName?: string | undefined;
  /** An existing file, whose cover `coverFile` replaces. */
  fileId?: string | undefined;
  /** When the platform deletes the file, ISO 8601. */
  expireTime?: string | undefined;
  enableResume?: boolean | undefined;
  applyRequestTimeout?: number | undefined;
  commitRequestTimeout?: number | undefined;
  /** First delay between tries, in milliseconds; later ones double. */
  retryDelay?: number | undefined;
  chunkParallelLimit?: number | undefined;
  chunkRetryTimes?: number | undefined;
  /** Part size in bytes; default: chosen from file size and measured speed. */
  chunkSize?: number | undefined;
  progressInterval?: number | undefined;
  /** Older name of `mediaFile`. */
  videoFile?: File | undefined;
  /** Older name of `mediaName`. */
  videoName?: string | undefined;
}

/** The files of an upload; at least one of them is there. */
export interface UploadFiles {
  readonly media: File | undefined;
  readonly cover: File | undefined;
}

/** Return the files in the options; throws `UsageError` for invalid combinations. */
export function filesOf(options: UploadOptions): UploadFiles {
  const media = options.mediaFile ?? options.videoFile;
  const cover = options.coverFile;
  if (!media && !cover) throw new UsageError("upload() needs mediaFile, or coverFile with fileId");
  if (!media && !options.fileId)
    throw new UsageError("an upload without mediaFile needs fileId, the file whose cover is replaced");
  for (const file of [media, cover]) {
    // Not instanceof, which is false for a File of another frame.
    if (file && (typeof file.slice !== "function" || typeof file.name !== "string"))
      throw new UsageError("mediaFile and coverFile must be File objects");
  }
  return { media, cover };
}

/** Return the media name in the options; undefined for that of the file. */
export function nameOf(options: UploadOptions): string | undefined {
  return options.mediaName ?? options.videoName;
}

/** Describe the files of an upload as Apply announces them. */
export function factsOfFiles({ media, cover }: UploadFiles, options: UploadOptions): FileFacts[] {
  const facts: FileFacts[] = [];
  if (media) facts.push(factsOf("video", media, nameOf(options)));
  if (cover) facts.push(factsOf("cover", cover));
  return facts;
}
