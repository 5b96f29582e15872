/** What every part of the page shares. */
import type { ChatClient, Conversation, Kith, Me, UserRef } from "kith-client";
import { h } from "./dom.js";

export interface App {
  kith: Kith;
  chat: ChatClient;
  me: Me;
  /** Conversations by id, as far as they were listed or told of. */
  conversations: Map<string, Conversation>;
  /** Takes note of a conversation, as it is or was. */
  learn(conversation: Conversation): void;
  /** Shows a part of the page. */
  show(part: PartName, peer?: UserRef): void;
  /** Something that the navigation counts has changed. */
  count(): void;
}

export type PartName = "Feed" | "People" | "Chats" | "Me";

/** A part of the page: what is shown, and what is to be done when it no longer is. */
export interface Part {
  element: HTMLElement;
  /** What is known of the conversations has changed. */
  refresh?(): void;
  leave?(): void;
}

/** What to call somebody. */
export function nameOf({ name, username }: Pick<UserRef, "name" | "username">): string {
  return name || username || "Somebody who left";
}

/** Somebody's picture, or their initial. It says nothing that their name beside it does not. */
export function picture(person: UserRef, size: "small" | "medium" = "small"): HTMLElement {
  const className = `picture ${size}`;
  const source = person.avatar?.[size];
  if (source !== undefined) {
    return h("img", { className, src: source, alt: "" });
  }
  const initial = [...nameOf(person)][0]?.toUpperCase() ?? "?";
  return h("span", { className, textContent: initial, attrs: { "aria-hidden": "true" } });
}

/** Somebody in a line: picture, name, username. */
export function personLine(person: UserRef, ...more: Node[]): HTMLElement {
  const handle = person.username === null ? "" : `@${person.username}`;
  return h(
    "div",
    { className: "person" },
    picture(person),
    h(
      "div",
      { className: "names" },
      h("strong", { textContent: nameOf(person) }),
      h("span", { className: "quiet", textContent: handle }),
    ),
    ...more,
  );
}
