// The files Worker: sends and gets attachments beside the mailbox Worker, which is never kept waiting by a file. What a file is
// sealed with it makes itself and leaves to the keeper of keys; of what it gets it is told what opens it, file by file.

import { aes } from "./files/aes.ts";
import { AskKeeper } from "./files/ask_keeper.ts";
import { Getting } from "./files/getting.ts";
import { Sending } from "./files/sending.ts";
import type { FromFiles, ToFiles } from "./files_port.ts";
import { Outside } from "./outside.ts";
import { FilesWorker, initSync } from "./vault/vault.js";

interface Tools {
  client: FilesWorker;
  keeper: AskKeeper;
}

/** What is asked before the module is here waits for it. */
let begun: (tools: Promise<Tools>) => void = () => undefined;
const beginning = new Promise<Tools>((resolve) => (begun = resolve));
const sending = new Map<string, Sending>();
const getting = new Map<string, Getting>();

onmessage = ({ data }: MessageEvent<ToFiles>) => {
  if (data.do === "begin") begun(begin(data.module, data.keeper).catch(broken));
  else void beginning.then((tools) => act(tools, data), () => undefined);
};

/** As an error of the Worker, which the page hears of. */
function broken(error: unknown): never {
  setTimeout(() => {
    throw error;
  });
  throw error;
}

async function begin(module: WebAssembly.Module, port: MessagePort): Promise<Tools> {
  initSync({ module });
  const keeper = new AskKeeper(port);
  const bearer = await keeper.bearer();
  const outside = new Outside({ session: null, keep: () => undefined }, () => undefined);
  return { client: new FilesWorker(outside, bearer ?? undefined), keeper };
}

function act({ client, keeper }: Tools, asked: Exclude<ToFiles, { do: "begin" }>): void {
  const { id } = asked;
  switch (asked.do) {
    case "send": {
      sending.get(id)?.drop();
      const file = new Sending(id, asked.file, { client, keeper, aes, told: (state) => say({ say: "sending", id, state }) });
      sending.set(id, file);
      void file.run().finally(() => sending.get(id) === file && sending.delete(id));
      break;
    }
    case "pause":
      sending.get(id)?.pause();
      break;
    case "resume":
      sending.get(id)?.resume();
      break;
    case "drop":
      sending.get(id)?.drop();
      break;
    case "get": {
      const file = new Getting(asked, { client, keeper, aes, say });
      getting.set(id, file);
      void file.run().finally(() => getting.delete(id));
      break;
    }
    case "pause_getting":
      getting.get(id)?.pause();
      break;
    case "resume_getting":
      getting.get(id)?.resume();
      break;
    case "cancel":
      getting.get(id)?.cancel();
      break;
  }
}

function say(message: FromFiles): void {
  if (message.say === "bytes") postMessage(message, { transfer: [message.bytes.buffer] });
  else postMessage(message);
}
