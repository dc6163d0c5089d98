// The client of the people who made tus: uploads a file, breaks off in the middle, goes on, and gives another one up.
// node tus.mjs URL TOKEN FILE: prints the address of the blob, and how many bytes were there when it went on.
import { readFile } from "node:fs/promises";
import tus from "tus-js-client";

const [endpoint, token, path] = process.argv.slice(2);
const bytes = await readFile(path);
const options = {
  endpoint: `${endpoint}/blobs`,
  headers: { Authorization: `Bearer ${token}` },
  chunkSize: 256 * 1024,
  retryDelays: null,
  storeFingerprintForResuming: false,
};

function upload(more) {
  let upload;
  const done = new Promise((resolve, reject) => {
    upload = new tus.Upload(bytes, { ...options, onError: reject, onSuccess: () => resolve(upload.url), ...more(resolve) });
    upload.start();
  });
  return { done, of: () => upload };
}

// Breaks off after the second piece, as a phone does that loses its network.
const first = upload((resolve) => ({
  onChunkComplete: async (_, accepted) => {
    if (accepted >= 2 * options.chunkSize) {
      await first.of().abort();
      resolve(first.of().url);
    }
  },
}));
const url = await first.done;
let resumed = -1;
const second = upload(() => ({
  uploadUrl: url,
  onProgress: (sent) => {
    if (resumed < 0) resumed = sent;
  },
}));
await second.done;

const third = upload((resolve) => ({
  onChunkComplete: async () => {
    await third.of().abort(true);
    resolve(third.of().url);
  },
}));
const given_up = await third.done;
const head = await fetch(given_up, {
  method: "HEAD",
  headers: { ...options.headers, "Tus-Resumable": "1.0.0" },
});
console.log(JSON.stringify({ url, resumed, given_up: head.status }));
