/** Display names of the states of files and events and of the kinds of tasks, the same in every view. */
import type { Schemas } from "./api/client";
import { dictionary } from "./language";

export type FileState = Schemas["FileState"];
export type FileStateRow = Schemas["FileStateRow"];

/** Why a file does not play, by the reason's name; `detail` is a container or codec. */
type Reason = (detail: string) => string;

export const fileWords = dictionary(
  {
    checking: "Checking",
    processing: (percent: string) => `Processing ${percent}`,
    ready: "Ready",
    not_playable: "Not playable here",
    damaged: "Damaged",
    blocked: "Blocked",
    deleted: "Deleted",
    checkingHelp: "The file is being checked. Its properties appear here when the check ends.",
    processingHelp: "A task flow is processing the file. It can be played here as soon as a playable version exists.",
    notPlayableHelp: (reason: string) =>
      `${reason} It has no version that browsers can play yet. The uploaded file itself is intact.`,
    damagedHelp:
      "The file contains no readable video, audio or image: it is damaged, or it is another type of file with a video's name. It is kept unchanged. Delete it, then upload the original again.",
    blockedHelp: "Playback of this file is blocked. Nobody can play it until it is unblocked.",
    make: "Make it playable",
    making: "The conversion was started. It appears below.",
  },
  {
    checking: "检测中",
    processing: (percent: string) => `处理中 ${percent}`,
    ready: "可播放",
    not_playable: "暂不能在此播放",
    damaged: "已损坏",
    blocked: "已禁播",
    deleted: "已删除",
    checkingHelp: "正在检测文件，信息会自动显示。",
    processingHelp: "正在处理，可播放后会在此自动播放。",
    notPlayableHelp: (reason: string) => `${reason}尚未生成浏览器可播放的版本，上传的文件本身完好。`,
    damagedHelp: "其中没有可识别的视频、音频或图片：文件已损坏，或并非视频。文件已原样保存，请删除后重新上传原文件。",
    blockedHelp: "该文件已被禁播，恢复之前任何人都无法播放。",
    make: "转换为可播放格式",
    making: "已开始转换，进度见下方。",
  },
);

const REASONS: Record<"en" | "zh", Record<string, Reason>> = {
  en: {
    encrypted: () => "The file is encrypted.",
    container: (detail) => `Browsers do not open ${detail || "this kind of file"}.`,
    video_codec: (detail) => `Browsers do not play ${detail} pictures.`,
    pixel_format: (detail) => `Browsers do not play ${detail} pictures.`,
    audio_codec: (detail) => `Browsers do not play ${detail} sound.`,
    malformed: () => "No media can be read in it.",
    probe_timeout: () => "Reading it took too long.",
    probe_failed: () => "Reading it failed.",
    no_original: () => "The uploaded file was deleted.",
  },
  zh: {
    encrypted: () => "文件已加密。",
    container: (detail) => `浏览器无法打开 ${detail || "此类"} 文件。`,
    video_codec: (detail) => `浏览器无法播放 ${detail} 视频。`,
    pixel_format: (detail) => `浏览器无法播放 ${detail} 视频。`,
    audio_codec: (detail) => `浏览器无法播放 ${detail} 音频。`,
    malformed: () => "其中没有可识别的媒体。",
    probe_timeout: () => "检测超时。",
    probe_failed: () => "检测失败。",
    no_original: () => "上传的文件已删除。",
  },
};

/** Return why a file does not play; empty if there is no reason to show. */
export function reasonOf(row: FileStateRow, language: "en" | "zh"): string {
  return REASONS[language][row.reason]?.(row.detail) ?? "";
}

export const eventWords = dictionary(
  {
    held: "waiting for the file check",
    queued: "waiting for an earlier event",
    dead: "undelivered",
    pending: "delivering",
    delivered: "delivered",
    disabled: "endpoint disabled",
    skipped: "not subscribed",
    no_receiver: "no receiver",
    no_address: "no address",
  } satisfies Record<Schemas["EventStanding"] | Schemas["DeliveryStanding"], string>,
  {
    held: "等待检测",
    queued: "等待前一事件",
    dead: "未送达",
    pending: "投递中",
    delivered: "已送达",
    disabled: "接收端已停用",
    skipped: "未订阅",
    no_receiver: "没有接收端",
    no_address: "未设置地址",
  },
);

/** Names of the kinds of sub-tasks and tasks. */
export const kindWords = dictionary(
  {
    Transcode: "Transcode",
    AnimatedGraphics: "Animation",
    SnapshotByTimeOffset: "Snapshots by time offset",
    SampleSnapshot: "Sampled snapshots",
    ImageSprites: "Sprites",
    CoverBySnapshot: "Cover",
    AdaptiveDynamicStreaming: "Adaptive stream",
    Porn: "Review: pornography",
    Terrorism: "Review: terrorism",
    Political: "Review: politics",
    "Porn.Asr": "Review: pornography, speech",
    "Political.Asr": "Review: politics, speech",
    "Porn.Ocr": "Review: pornography, on-screen text",
    "Political.Ocr": "Review: politics, on-screen text",
    ReviewAudioVideo: "Review",
    Procedure: "Task flow",
    PullUpload: "Pull upload",
  } satisfies Record<Schemas["SubTaskKind"] | Schemas["TaskType"], string>,
  {
    Transcode: "转码",
    AnimatedGraphics: "转动图",
    SnapshotByTimeOffset: "时间点截图",
    SampleSnapshot: "采样截图",
    ImageSprites: "雪碧图",
    CoverBySnapshot: "截图做封面",
    AdaptiveDynamicStreaming: "自适应码流",
    Porn: "审核：色情",
    Terrorism: "审核：暴恐",
    Political: "审核：涉政",
    "Porn.Asr": "审核：色情（语音）",
    "Political.Asr": "审核：涉政（语音）",
    "Porn.Ocr": "审核：色情（文字）",
    "Political.Ocr": "审核：涉政（文字）",
    ReviewAudioVideo: "音视频审核",
    Procedure: "任务流",
    PullUpload: "拉取上传",
  },
);
