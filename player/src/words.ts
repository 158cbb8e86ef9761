import type { Standing } from "./sources";

const english = {
  play: "Play",
  pause: "Pause",
  mute: "Mute",
  unmute: "Unmute",
  volume: "Volume",
  seek: "Position",
  quality: "Quality",
  subtitles: "Subtitles",
  off: "Off",
  auto: "Auto",
  original: "Original",
  fullscreen: "Full screen",
  of: "of",
  controls: "Player controls",
  checking: "Checking. The video starts here when it is ready.",
  processing: (percent: number) => `Processing ${percent} %. The video starts here when it is ready.`,
  notPlayable: (reason: string) => `Not playable here${reason}. It has no version that browsers can play yet.`,
  damaged: "Damaged: no video or sound can be read in this file.",
  reasons: {
    encrypted: () => "it is encrypted",
    container: (detail: string) => `browsers do not open ${detail || "this kind of file"}`,
    video_codec: (detail: string) => `browsers do not play ${detail} pictures`,
    pixel_format: (detail: string) => `browsers do not play ${detail} pictures`,
    audio_codec: (detail: string) => `browsers do not play ${detail} sound`,
    no_original: () => "the uploaded file was deleted",
  } as Record<string, (detail: string) => string>,
  failed: "The video could not be played. Reload the page.",
  unreachable: "The server cannot be reached. Retrying…",
  missing: "Deleted: there is no such video, or the address is wrong.",
  forbidden: "Blocked: playback of this video is blocked.",
  picture: "This file is an image; it cannot be played.",
  unsigned: "This video requires a signed link. Ask the site that links to it.",
  badSignature: "This link is not valid or has expired. Ask the site for a new one.",
};

export type Words = typeof english;
export type PlainWord = { [K in keyof Words]: Words[K] extends string ? K : never }[keyof Words];

const chinese: Words = {
  play: "播放",
  pause: "暂停",
  mute: "静音",
  unmute: "取消静音",
  volume: "音量",
  seek: "播放位置",
  quality: "清晰度",
  subtitles: "字幕",
  off: "关闭",
  auto: "自动",
  original: "原画",
  fullscreen: "全屏",
  of: "/",
  controls: "播放控制",
  checking: "检测中，完成后会在此自动播放。",
  processing: (percent) => `处理中 ${percent}%，完成后会在此自动播放。`,
  notPlayable: (reason) => `暂不能在此播放${reason}。尚未生成浏览器可播放的版本。`,
  damaged: "已损坏：文件中没有可识别的视频或音频。",
  reasons: {
    encrypted: () => "文件已加密",
    container: (detail) => `浏览器无法打开 ${detail || "此类"} 文件`,
    video_codec: (detail) => `浏览器无法播放 ${detail} 视频`,
    pixel_format: (detail) => `浏览器无法播放 ${detail} 视频`,
    audio_codec: (detail) => `浏览器无法播放 ${detail} 音频`,
    no_original: () => "上传的文件已删除",
  },
  failed: "视频无法播放，请刷新页面重试。",
  unreachable: "无法连接服务器，正在重试…",
  missing: "已删除：视频不存在，或地址有误。",
  forbidden: "已禁播：该视频已停止播放。",
  picture: "该文件是图片，无法播放。",
  unsigned: "该视频需要签名地址，请从原网站重新打开。",
  badSignature: "链接无效或已过期，请向网站获取新的链接。",
};

export function wordsFor(language: string): { words: Words; language: string } {
  return language.toLowerCase().startsWith("zh")
    ? { words: chinese, language: "zh-CN" }
    : { words: english, language: "en" };
}

/** Return the message for a file that does not play. */
export function standing(status: Standing, words: Words): string {
  if (status.state === "checking") return words.checking;
  if (status.state === "processing") return words.processing(status.percent);
  if (status.state === "damaged") return words.damaged;
  const reason = words.reasons[status.reason]?.(status.detail);
  return words.notPlayable(reason ? ` (${reason})` : "");
}
