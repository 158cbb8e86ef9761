// Runs the unmodified cos-nodejs-sdk-v5. Prints one JSON object; reads commands from standard input, one a line.
"use strict";
const path = require("node:path");
const readline = require("node:readline");

const given = JSON.parse(process.argv[2]);
require(path.join(given.pages, "shift_clock.js"));
const COS = require(path.join(given.packages, "cos-nodejs-sdk-v5"));

const tasks = [];
const cos = new COS({
  Protocol: "http:",
  Ip: `127.0.0.1:${given.plainPort}`,
  ConfCwd: given.state,
  getAuthorization: (options, callback) => fetch(given.credentialUrl).then((answer) => answer.json()).then((c) => callback({
    TmpSecretId: c.secretId, TmpSecretKey: c.secretKey, SecurityToken: c.token,
    StartTime: c.timestamp, ExpiredTime: c.expiredTime,
  })),
});

function end(outcome) {
  console.log(JSON.stringify(outcome));
  process.exit(0);
}

const each = (name) => tasks.forEach((id) => cos[name](id));
const controls = {
  pause: () => each("pauseTask"), proceed: () => each("restartTask"), cancel: () => each("cancelTask"),
  shift: (seconds) => shiftClock(Number(seconds)),
};
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const [command, ...more] = line.split(" ");
  controls[command](...more);
});
Promise.all(given.places.map((place) => cos.uploadFile({
  Bucket: place.bucket, Region: place.region, Key: place.key, FilePath: place.path, SliceSize: 1024 * 1024,
  onTaskReady: (id) => tasks.push(id),
}))).then(() => end({ stored: true }), (e) => end({ error: [e.code, e.message].join(" ") }));
