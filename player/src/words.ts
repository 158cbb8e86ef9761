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
  waiting: "This video is being prepared. It starts here when it is ready.",
  unplayable: "Browsers do not play this file as it is, and nothing is being made of it.",
  failed: "The video could not be played. Load the page again.",
  unreachable: "The server cannot be reached. Trying again…",
  missing: "There is no such video. It was deleted, or the address is wrong.",
  forbidden: "This video was taken out of playback.",
  picture: "This file is a picture; there is nothing to play.",
  unsigned: "This video wants a signed address. Ask the site that links to it.",
  badSignature: "This link is not valid or has expired. Ask the site for a new one.",
};

export type Words = typeof english;

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
  waiting: "视频正在处理，完成后会在此自动播放。",
  unplayable: "浏览器无法直接播放此文件，也没有正在进行的转码任务。",
  failed: "视频无法播放，请刷新页面重试。",
  unreachable: "无法连接服务器，正在重试…",
  missing: "视频不存在：已被删除，或地址有误。",
  forbidden: "该视频已被禁播。",
  picture: "该文件是图片，无法播放。",
  unsigned: "该视频需要签名地址，请从原网站重新打开。",
  badSignature: "链接无效或已过期，请向网站获取新的链接。",
};

export function wordsFor(language: string): { words: Words; language: string } {
  return language.toLowerCase().startsWith("zh")
    ? { words: chinese, language: "zh-CN" }
    : { words: english, language: "en" };
}
