/** Conversations, and one of them in real time. */
import { type Conversation, conversationIdOf, type Message, type OutgoingMessage, type UserRef } from "kith-client";
import { type App, nameOf, type Part, personLine } from "./app.js";
import { attempt, button, field, form, h, Keyed, time } from "./dom.js";

/** How many conversations are shown that were not before. */
const MORE = 20;

export function chats(app: App, peer?: UserRef): Part {
  const list = h("ul", { className: "plain conversations", attrs: { "aria-label": "Conversations" } });
  const none = h("p", {
    className: "card quiet",
    textContent: "Choose somebody to talk to, or find friends among People.",
  });
  const lines = new Keyed();
  const more = button("Older chats", next, "link");
  const side = h("div", {}, list, more);
  const readAll = () => app.kith.list("/v1/conversations", { params: { query: { limit: 50 } } });
  let unread = readAll();
  let close = () => {};
  let openId: string | undefined;

  /** Reads on. Of many conversations, the chat tells only of the latest, and of what happens. */
  async function next(): Promise<void> {
    try {
      for (let found = 0; found < MORE; ) {
        const { value, done } = await unread.next();
        if (done) {
          more.hidden = true;
          return;
        }
        found += app.conversations.has(value.id) ? 0 : 1;
        app.learn(value);
      }
    } catch (error) {
      unread = readAll();
      throw error;
    }
  }

  function open(person: UserRef): void {
    close();
    openId = conversationIdOf(app.me.id, person.id);
    const conversation = talk(app, person);
    close = () => conversation.leave?.();
    layout.replaceChildren(side, conversation.element);
    conversation.element.querySelector("input")?.focus();
    render();
  }

  function render(): void {
    const sorted = [...app.conversations.values()].sort((one, other) => other.updatedAt.localeCompare(one.updatedAt));
    lines.show(
      list,
      sorted.map((conversation) => {
        const { id, lastSeq, lastRevision, unreadCount } = conversation;
        const key = [id, lastSeq, lastRevision, unreadCount, id === openId].join(" ");
        return { key, make: () => line(conversation) };
      }),
    );
  }

  function line(conversation: Conversation): HTMLElement {
    const { id, peer, unreadCount, lastMessage } = conversation;
    const last = lastMessage === null ? "Say hello" : (lastMessage.text ?? "Deleted");
    const unread = h("span", { className: "badge", textContent: String(unreadCount) });
    unread.append(h("span", { className: "hidden-text", textContent: " unread" }));
    const element = h(
      "button",
      { type: "button", className: "conversation" },
      personLine(peer, ...(unreadCount > 0 ? [unread] : [])),
      h("span", { className: "quiet last", textContent: last }),
    );
    if (id === openId) {
      element.setAttribute("aria-current", "true");
    }
    element.addEventListener("click", () => open(peer));
    return h("li", {}, element);
  }

  const layout = h("div", { className: "chats" }, side, none);
  render();
  void attempt(next);
  if (peer !== undefined) {
    open(peer);
  }
  const element = h("section", { className: "stack" }, h("h1", { textContent: "Chats" }), layout);
  return {
    element,
    refresh: render,
    leave: () => close(),
  };
}

/** What two people say to each other. */
function talk(app: App, peer: UserRef): Part {
  const { chat } = app;
  const view = chat.open(peer.id);
  const lines = new Keyed();
  const log = h("div", { className: "log", tabIndex: 0, attrs: { role: "log", "aria-label": "Messages" } });
  const typing = h("p", { className: "quiet typing", attrs: { role: "status" } });
  const older = button("Older messages", () => view.loadOlder(), "link");
  const text = h("input", { name: "text", required: true, maxLength: 4000, autocomplete: "off" });
  text.addEventListener("input", () => chat.typing(peer.id));
  const write = form(
    { className: "row", label: `Write to ${nameOf(peer)}` },
    async (values) => {
      chat.send(peer.id, values["text"] ?? "");
      text.value = "";
      text.focus();
    },
    field("Message", text),
    h("button", { type: "submit", className: "primary", textContent: "Send" }),
  );

  function render(): void {
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    lines.show(log, [
      ...view.messages.map((message) => ({ key: `${message.seq} ${message.revision}`, make: () => said(message) })),
      ...view.outgoing.map((message) => ({ key: `${message.clientId} ${message.status}`, make: () => going(message) })),
    ]);
    older.hidden = !view.hasOlder;
    if (isAtEnd) {
      log.scrollTop = log.scrollHeight;
    }
    const last = view.messages.at(-1);
    if (last !== undefined && document.visibilityState === "visible") {
      chat.markRead(view.id, last.seq);
    }
  }

  function said(message: Message): HTMLElement {
    const isMine = message.senderId === app.me.id;
    const words = h("span", { className: "text", textContent: message.text ?? "Deleted" });
    words.classList.toggle("quiet", message.text === null);
    const mark = message.editedAt !== null && message.text !== null ? " · edited" : "";
    const remove = button("Delete", () => chat.delete(message), "link");
    remove.setAttribute("aria-label", `Delete the message: ${message.text}`);
    const who = h("span", { className: "hidden-text", textContent: `${isMine ? "You" : nameOf(peer)}: ` });
    const foot = h(
      "span",
      { className: "quiet foot" },
      time(message.createdAt),
      mark,
      isMine && message.text !== null && remove,
    );
    return h("div", { className: isMine ? "bubble mine" : "bubble" }, who, words, foot);
  }

  function going(message: OutgoingMessage): HTMLElement {
    const words = h("span", { className: "text", textContent: message.text });
    const status = message.status === "failed" ? (message.error?.message ?? "Not sent") : "Sending…";
    const dismiss = button("Dismiss", () => view.dismiss(message), "link");
    const foot = h("span", { className: "quiet foot" }, status, message.status === "failed" && dismiss);
    return h("div", { className: "bubble mine going" }, words, foot);
  }

  let quiet: ReturnType<typeof setTimeout> | undefined;
  function isTyping(isSo: boolean): void {
    clearTimeout(quiet);
    typing.textContent = isSo ? `${nameOf(peer)} is typing…` : "";
    if (isSo) {
      quiet = setTimeout(() => isTyping(false), 5000);
    }
  }

  document.addEventListener("visibilitychange", render);
  const unlisten = [
    view.on("change", render),
    chat.on("typing", ({ conversationId }) => conversationId === view.id && isTyping(true)),
    chat.on("message", ({ conversationId, senderId }) => {
      if (conversationId === view.id && senderId === peer.id) {
        isTyping(false);
      }
    }),
    () => document.removeEventListener("visibilitychange", render),
  ];
  // If it cannot be read now, the view reads it as soon as the chat has caught up.
  void attempt(async () => {
    await view.load();
    log.scrollTop = log.scrollHeight;
  });
  const element = h("div", { className: "card pane" }, personLine(peer), older, log, typing, write);
  return {
    element,
    leave() {
      view.close();
      for (const end of unlisten) {
        end();
      }
    },
  };
}
