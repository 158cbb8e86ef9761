// Runs the unmodified API SDK for Node.js: reads calls as lines of JSON, answers each with one line of JSON.
// The argument is what clients.api.sdks.settings_of makes; calls and answers are those of api_python.py.
const readline = require("node:readline");

const given = JSON.parse(process.argv[2]);
const { Client } = require(`${given.packages}/tencentcloud-sdk-nodejs-vod`).vod.v20180717;

const client = new Client({
  credential: { secretId: given.secretId, secretKey: given.secretKey },
  region: "ap-guangzhou",
  profile: {
    signMethod: given.signMethod,
    httpProfile: { endpoint: given.endpoint, protocol: "http://", reqMethod: given.method },
  },
});

async function answer({ action, parameters }) {
  if (typeof client[action] !== "function") return { lacks: action };
  try {
    return { ok: await client[action](parameters) };
  } catch (error) {
    return { error: error.code || error.name, message: error.message, requestId: error.requestId };
  }
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    console.log(JSON.stringify(await answer(JSON.parse(line))));
  }
}

main();
