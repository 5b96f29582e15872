/** The page: who is signed in, the navigation, and which part is shown. */
import { type Conversation, Kith, type Me, type UserRef } from "kith-client";
import type { App, Part, PartName } from "./app.js";
import { chats } from "./chats.js";
import { button, h } from "./dom.js";
import { feed } from "./feed.js";
import { profile } from "./me.js";
import { people } from "./people.js";
import { signIn } from "./signin.js";

/** Where the API is: put in when the page is bundled. */
declare const API: string;

/** So that a reload does not sign anybody out. Whoever can run code on the page can read it: see the server's policy. */
const TOKEN = "kith-token";

const PARTS: Record<PartName, (app: App, peer?: UserRef) => Part> = {
  Feed: feed,
  People: people,
  Chats: chats,
  Me: profile,
};

const root = document.querySelector<HTMLElement>("#app") ?? document.body;

function start(): void {
  const token = localStorage.getItem(TOKEN) ?? undefined;
  const kith = new Kith({ baseUrl: API, token });
  kith.on("sessionEnded", () => {
    localStorage.removeItem(TOKEN);
    location.reload();
  });
  const enter = (me: Me) => {
    localStorage.setItem(TOKEN, kith.token ?? "");
    run(kith, me);
  };
  if (token === undefined) {
    signIn(kith, root, enter);
  } else {
    kith.get("/v1/me").then(enter, (error: Error) => {
      root.replaceChildren(
        h("main", { className: "welcome" }, h("p", { textContent: error.message }), button("Try again", start)),
      );
    });
  }
}

/** The page of somebody who is signed in. */
function run(kith: Kith, me: Me): void {
  const chat = kith.chat(me.id);
  const main = h("main", { id: "main", tabIndex: -1 });
  const state = h("span", { className: "state", attrs: { role: "status" } });
  let shown: Part | undefined;
  const app: App = { kith, chat, me, conversations: new Map(), learn, show, count };

  const tabs = (Object.keys(PARTS) as PartName[]).map((name) => {
    const badge = h("span", { className: "badge", hidden: true });
    const tab = h("button", { type: "button", className: "tab" }, name, badge);
    tab.addEventListener("click", () => show(name));
    return { name, tab, badge };
  });

  function show(name: PartName, peer?: UserRef): void {
    shown?.leave?.();
    shown = PARTS[name](app, peer);
    main.replaceChildren(shown.element);
    for (const { name: other, tab } of tabs) {
      if (other === name) {
        tab.setAttribute("aria-current", "page");
      } else {
        tab.removeAttribute("aria-current");
      }
    }
    document.title = `${name} · Kith`;
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
    look();
  }

  /** A push is a hint, and may never come: whoever looks around sees how it is. */
  function look(): void {
    kith.get("/v1/conversations").then(
      ({ items }) => items.forEach(learn),
      () => {},
    );
    count();
  }

  /** What was asked for may be older than what was pushed meanwhile: messages and markers only go forward. */
  function learn(conversation: Conversation): void {
    const known = app.conversations.get(conversation.id) ?? conversation;
    const newer = conversation.updatedAt < known.updatedAt ? known : conversation;
    const readSeq = Math.max(conversation.readSeq, known.readSeq);
    const unreadCount = Math.max(0, newer.lastSeq - readSeq);
    app.conversations.set(conversation.id, { ...newer, readSeq, unreadCount });
    countChats();
    shown?.refresh?.();
  }

  function mark(name: PartName, count: number): void {
    const badge = tabs.find((tab) => tab.name === name)?.badge;
    if (badge !== undefined) {
      badge.hidden = count === 0;
      badge.textContent = String(count);
      badge.append(h("span", { className: "hidden-text", textContent: " new" }));
    }
  }

  function countChats(): void {
    mark("Chats", [...app.conversations.values()].filter(({ unreadCount }) => unreadCount > 0).length);
  }

  function count(): void {
    kith.get("/v1/unread").then(
      ({ friendRequests }) => mark("People", friendRequests),
      () => {},
    );
  }

  async function signOut(): Promise<void> {
    chat.stop();
    localStorage.removeItem(TOKEN);
    await kith.signOut().catch(() => {});
    location.reload();
  }

  const STATES = { idle: "", connecting: "Connecting…", connected: "Online", waiting: "Offline", ended: "Signed out" };
  chat.on("state", (now) => {
    state.textContent = STATES[now];
    state.dataset["state"] = now;
  });
  chat.on("conversation", learn);
  chat.on("read", ({ conversationId, userId, seq }) => {
    const conversation = app.conversations.get(conversationId);
    if (conversation !== undefined && userId === me.id) {
      learn({ ...conversation, readSeq: seq });
    }
  });
  chat.on("me", (changed) => {
    app.me = changed;
  });
  chat.on("notification", count);
  chat.on("synced", count);
  chat.on("error", ({ message }) => console.warn(message));

  const skip = h("a", { href: "#main", className: "skip", textContent: "Skip to content" });
  const nav = h("nav", { attrs: { "aria-label": "Parts" } }, ...tabs.map(({ tab }) => tab));
  const bar = h(
    "header",
    { className: "bar" },
    h("span", { className: "brand", textContent: "kith" }),
    nav,
    state,
    button("Sign out", signOut, "link"),
  );
  const announcements = h("div", { id: "announcements", attrs: { role: "status", "aria-live": "polite" } });
  root.replaceChildren(skip, bar, main, announcements);
  show("Feed");
  chat.start();
}

start();
