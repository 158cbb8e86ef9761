// Runs the unmodified vod-wx-sdk-v2 on a stub of the mini-program's `wx`, whose network, files and storage are real.
// Prints one JSON object; reads commands from standard input, one a line.
"use strict";
const fs = require("node:fs");
const https = require("node:https");
const path = require("node:path");
const readline = require("node:readline");

const given = JSON.parse(process.argv[2]);
require(path.join(given.pages, "shift_clock.js"));
const say = console.log;
console.log = () => {}; // the SDK logs every address

const authority = fs.readFileSync(given.authority);
const agent = new https.Agent({ keepAlive: true, ca: authority });
const store = path.join(given.state, "wx-storage.json");
const stored = fs.existsSync(store) ? JSON.parse(fs.readFileSync(store, "utf8")) : {};
const save = () => fs.writeFileSync(store, JSON.stringify(stored));

/** Every name leads to the proxy, as a mini-program's allow-listed domain would. */
function request({ url, method = "GET", header = {}, data, dataType = "json", success, fail }) {
  const target = new URL(url);
  const body = data === undefined || data === null ? undefined
    : typeof data === "string" ? Buffer.from(data)
      : data instanceof ArrayBuffer ? Buffer.from(data) : Buffer.from(JSON.stringify(data));
  const headers = { "content-type": "application/json", ...header, host: target.host };
  headers["content-length"] = body ? body.length : 0;
  const sent = https.request({
    agent, method, headers, host: "127.0.0.1", port: given.tlsPort, servername: target.hostname,
    path: target.pathname + target.search,
  }, (answer) => {
    const chunks = [];
    answer.on("data", (chunk) => chunks.push(chunk));
    answer.on("error", (error) => fail && fail({ errMsg: `request:fail ${error.message}` }));
    answer.on("end", () => {
      let text = Buffer.concat(chunks).toString("utf8");
      if (dataType === "json") {
        try { text = JSON.parse(text) } catch { /* stays text, as in the mini-program */ }
      }
      if (success) success({ statusCode: answer.statusCode, header: answer.headers, data: text });
    });
  });
  sent.on("error", (error) => fail && fail({ errMsg: `request:fail ${error.message}` }));
  sent.end(body);
  return { abort: () => sent.destroy(new Error("abort")), onProgressUpdate: () => {} };
}

const files = {
  stat: ({ path: name, success, fail }) => fs.stat(name, (error, stats) => (
    error ? fail({ errMsg: `stat:fail ${error.message}` }) : success({ stats }))),
  readFile: ({ filePath, position = 0, length, encoding, success, fail }) => {
    try {
      const whole = fs.statSync(filePath).size;
      const chunk = Buffer.alloc(Math.min(length === undefined ? whole : length, whole - position));
      const file = fs.openSync(filePath, "r");
      fs.readSync(file, chunk, 0, chunk.length, position);
      fs.closeSync(file);
      const bytes = chunk.buffer.slice(chunk.byteOffset, chunk.byteOffset + chunk.length);
      success({ data: encoding ? chunk.toString(encoding) : bytes });
    } catch (error) {
      fail({ errMsg: `readFile:fail ${error.message}` });
    }
  },
};
globalThis.window = globalThis;
globalThis.wx = {
  request,
  getFileSystemManager: () => files,
  getStorageSync: (name) => stored[name] ?? "",
  setStorageSync: (name, value) => { stored[name] = value; save() },
  removeStorageSync: (name) => { delete stored[name]; save() },
  getSystemInfoSync: () => ({
    brand: "test", model: "test", version: "8.0.0", SDKVersion: "3.0.0", platform: "android", system: "Android 14",
  }),
  canIUse: () => false,
};

const vod = require(path.join(given.packages, "vod-wx-sdk-v2"));
const file = (name) => ({ tempFilePath: name, size: fs.statSync(name).size });
const cover = given.cover && { tempFilePaths: [given.cover], tempFiles: [file(given.cover)] };

function end(outcome) {
  say(JSON.stringify(outcome));
  process.exit(0);
}

const uploader = vod.start({
  mediaFile: file(given.media),
  coverFile: cover || undefined,
  fileName: given.name,
  getSignature: (callback) => fetch(given.signatureUrl).then((answer) => answer.text()).then(callback),
  progress: () => {},
  finish: (r) => end({ fileId: r.fileId, mediaUrl: r.videoUrl, coverUrl: r.coverUrl }),
  error: (e) => end({ error: JSON.stringify(e.data || e) }),
});
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [command, ...more] = line.split(" ");
  if (command === "shift") shiftClock(Number(more[0]));
  else uploader[command === "proceed" ? "restart" : command]();
});
