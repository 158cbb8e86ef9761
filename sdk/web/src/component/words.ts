import type { ErrorKind, QueueItem } from "../index";

/** The component's texts in one language. */
export interface Words {
  language: string;
  region: string;
  drop: string;
  choose: string;
  start: string;
  pause: string;
  resume: string;
  cancel: string;
  retry: string;
  cover: string;
  frame: string;
  useFrame: string;
  picture: string;
  noFrame: string;
  coverChosen: string;
  more: (count: number) => string;
  progressOf: (name: string) => string;
  left: (time: string) => string;
  states: Record<QueueItem["state"], string>;
  /** Advice after an error; without it, the SDK's English text. */
  errors?: Record<ErrorKind, string>;
}

const ENGLISH: Words = {
  language: "en",
  region: "Upload videos",
  drop: "Drop videos here, or",
  choose: "Choose files",
  start: "Upload",
  pause: "Pause",
  resume: "Resume",
  cancel: "Cancel",
  retry: "Try again",
  cover: "Cover",
  frame: "Position in the video",
  useFrame: "Use this frame",
  picture: "Or an image file",
  noFrame: "This browser cannot show a frame of this file; choose an image file.",
  coverChosen: "Cover chosen",
  more: (count) => `and ${count} more`,
  progressOf: (name) => `Progress of ${name}`,
  left: (time) => `${time} left`,
  states: {
    waiting: "Waiting",
    preparing: "Preparing",
    uploading: "Uploading",
    paused: "Paused",
    offline: "Offline; resumes when the connection returns",
    retrying: "Connection lost; retrying",
    committing: "Finishing",
    done: "Uploaded",
    failed: "Failed",
    cancelled: "Cancelled",
  },
};

const CHINESE: Words = {
  language: "zh",
  region: "上传视频",
  drop: "将视频拖到此处，或",
  choose: "选择文件",
  start: "开始上传",
  pause: "暂停",
  resume: "继续",
  cancel: "取消",
  retry: "重试",
  cover: "封面",
  frame: "视频时刻",
  useFrame: "使用此画面",
  picture: "或选择图片",
  noFrame: "浏览器无法显示此文件的画面，请选择图片。",
  coverChosen: "已选择封面",
  more: (count) => `另有 ${count} 个文件`,
  progressOf: (name) => `${name} 的进度`,
  left: (time) => `剩余 ${time}`,
  states: {
    waiting: "等待中",
    preparing: "准备中",
    uploading: "上传中",
    paused: "已暂停",
    offline: "网络已断开，恢复后自动继续",
    retrying: "连接中断，正在重试",
    committing: "即将完成",
    done: "已上传",
    failed: "失败",
    cancelled: "已取消",
  },
  errors: {
    cancelled: "上传已取消",
    checksum: "文件在传输中损坏，请重新上传",
    empty: "文件为空，请选择其他文件",
    "disk-full": "平台存储空间已满，请联系管理员",
    limit: "文件超出允许的大小，请选择较小的文件",
    name: "文件名不被接受，请重命名后再上传",
    network: "网络错误，请检查连接后重新上传同一文件，将从中断处继续",
    permission: "没有上传权限，请联系网站管理员",
    "permission-expired": "上传许可已失效，请刷新页面后重新上传同一文件",
    "sign-in": "您尚未登录或登录已过期，请登录后重新上传同一文件，将从中断处继续",
    server: "平台暂时不可用，请稍后再试，将从中断处继续",
    signature: "无法取得上传签名，请联系网站管理员",
    "source-changed": "文件已被修改、移动或删除，请重新选择",
    type: "不支持此文件类型，请选择视频、音频或图片",
    usage: "组件使用有误，请联系网站管理员",
  },
};

/** Return the texts for a language tag: Chinese for `zh…`, English otherwise. */
export function wordsFor(language: string): Words {
  return /^zh\b/i.test(language) ? CHINESE : ENGLISH;
}
