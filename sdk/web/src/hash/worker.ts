import { type DigestAnswer, type DigestRequest, digestOf } from "./read";

// One request at a time: a second one in parallel would only cost memory.
let queue: Promise<void> = Promise.resolve();

self.onmessage = (event: MessageEvent<DigestRequest>) => {
  queue = queue.then(() => answer(event.data));
};

async function answer(request: DigestRequest): Promise<void> {
  const answered: DigestAnswer = { id: request.id };
  try {
    answered.digest = await digestOf(request);
  } catch (error) {
    answered.error = error instanceof Error ? error.name : String(error);
  }
  self.postMessage(answered);
}
