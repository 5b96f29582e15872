/** A chat client on sockets, a server and a time that a test holds still. */
import { ChatClient } from "../../src/chat/client.js";
import type { ChatOptions } from "../../src/chat/options.js";
import type { Message } from "../../src/types.js";
import { FakeClock, settle } from "./clock.js";
import { FakeServer, ME } from "./server.js";
import { fakeSockets } from "./sockets.js";

/** Makes one, not started. What it tells is noted, in short. */
export function chatting(options: ChatOptions = {}, server = new FakeServer()) {
  const clock = new FakeClock();
  const sockets = fakeSockets();
  const session = { over: new AbortController().signal, ended: () => {} };
  const chat = new ChatClient({ api: server, session, clock, Socket: sockets.Socket, userId: ME }, options);
  const told: string[] = [];
  const note = (name: string) => (message: Message) => told.push(`${name} ${message.seq} ${message.text}`);
  chat.on("message", note("message"));
  chat.on("edited", note("edited"));
  chat.on("deleted", note("deleted"));
  const states: string[] = [];
  chat.on("state", (state) => states.push(state));
  return {
    chat,
    clock,
    server,
    sockets,
    told,
    states,
    /** Starts it, or lets it connect again, and lets it catch up. */
    async connect() {
      chat.start();
      await settle();
      sockets.last.open();
      await settle();
    },
  };
}
