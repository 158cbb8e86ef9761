import { Button, FileButton, Progress, Text } from "@mantine/core";
import type { ErrorKind } from "@openvod/upload";
import { FileStateBadge, useFileState } from "../../components/file-state";
import { type Format, useFormat } from "../../format";
import { useWords } from "../../language";
import { to } from "../../router";
import { type Entry, hasEnded, stateOf, uploads } from "./store";
import classes from "./upload.module.css";
import { words } from "./words";

type Words = typeof words.en;
type ErrorWord = Extract<keyof Words, `error${string}`>;

const ERRORS: Record<ErrorKind, ErrorWord | "cancelled"> = {
  cancelled: "cancelled",
  checksum: "errorChecksum",
  "disk-full": "errorDiskFull",
  empty: "errorEmpty",
  limit: "errorLimit",
  name: "errorName",
  network: "errorNetwork",
  permission: "errorPermission",
  "permission-expired": "errorExpired",
  server: "errorServer",
  "sign-in": "errorSignIn",
  signature: "errorSignature",
  "source-changed": "errorSourceChanged",
  type: "errorType",
  usage: "errorUsage",
};

export function Row({ entry }: { readonly entry: Entry }) {
  const t = useWords(words);
  const format = useFormat();
  const state = stateOf(entry);
  const { item, file } = entry;
  const percent = state === "done" ? 100 : Math.floor((item?.progress?.percent ?? 0) * 100);
  const bad = state === "failed";
  return (
    <>
      <div className={classes.line}>
        <span className={classes.name}>{file.name}</span>
        <Text size="sm" c="dimmed">
          {format.bytes(file.size)}
        </Text>
        <Buttons entry={entry} />
      </div>
      {state !== "chosen" && (
        <Progress
          value={percent}
          size="sm"
          my={4}
          color={bad ? "red.9" : "blue.8"}
          aria-label={t.progress(file.name)}
        />
      )}
      <Text size="sm" {...(bad ? { c: "var(--mantine-color-error)" } : {})}>
        {statusText(entry, t, format)}
      </Text>
      {item?.result?.fileId && <ServerState fileId={item.result.fileId} />}
    </>
  );
}

function statusText(entry: Entry, t: Words, format: Format): string {
  const state = stateOf(entry);
  const { item, cover } = entry;
  if (state === "failed" && item?.error) return `${t.failed}: ${t[ERRORS[item.error.kind] ?? "errorServer"]}`;
  if (state === "chosen") return cover ? `${t.chosen} · ${t.coverChosen(cover.name)}` : t.chosen;
  const progress = item?.progress;
  if (state !== "uploading" || !progress) return t[state];
  const far = t.far(format.bytes(progress.loaded), format.bytes(progress.total), format.bytes(progress.speed));
  const left = Number.isFinite(progress.secondsLeft) ? t.left(format.duration(progress.secondsLeft ?? 0)) : "";
  return [t.uploading, far, left].filter(Boolean).join(" · ");
}

function Buttons({ entry }: { readonly entry: Entry }) {
  const t = useWords(words);
  const state = stateOf(entry);
  const { item, file } = entry;
  const button = (action: string, onClick: () => void) => (
    <Button size="compact-sm" variant="default" onClick={onClick} aria-label={t.label(action, file.name)}>
      {action}
    </Button>
  );
  if (state === "chosen") {
    return (
      <>
        <FileButton
          onChange={(cover) => uploads.setCover(entry, cover ?? undefined)}
          accept="image/png,image/jpeg,image/gif"
        >
          {(props) => (
            <Button {...props} size="compact-sm" variant="default" aria-label={t.coverOf(file.name)}>
              {t.cover}
            </Button>
          )}
        </FileButton>
        {button(t.remove, () => uploads.remove(entry))}
      </>
    );
  }
  if (state === "done") {
    return (
      <Button
        component="a"
        href={to(`/media/${item?.result?.fileId ?? ""}`)}
        size="compact-sm"
        variant="default"
        aria-label={t.label(t.open, file.name)}
      >
        {t.open}
      </Button>
    );
  }
  if (hasEnded(entry)) {
    return (
      <>
        {button(t.retry, () => uploads.retry(entry))}
        {button(t.remove, () => uploads.remove(entry))}
      </>
    );
  }
  return (
    <>
      {state === "paused" && button(t.resume, () => item?.uploader?.resume())}
      {(state === "uploading" || state === "retrying") && button(t.pause, () => item?.uploader?.pause())}
      {state !== "committing" && button(t.cancel, () => uploads.cancel(entry))}
    </>
  );
}

/** State of the uploaded file, which the server checks after the upload. */
function ServerState({ fileId }: { readonly fileId: string }) {
  const t = useWords(words);
  const row = useFileState(fileId);
  return (
    <>
      <FileStateBadge row={row} />
      {row?.state === "damaged" && (
        <Text size="sm" c="var(--mantine-color-error)" role="alert">
          {t.unreadable}
        </Text>
      )}
    </>
  );
}
