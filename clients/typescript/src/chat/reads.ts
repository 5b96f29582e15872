/** How far one has read: said until the server has heard it. */
import type { Link } from "./link.js";

/** Read markers only move forward, so saying one again does no harm, and only the furthest counts. */
export class ReadMarkers {
  readonly #wanted = new Map<string, number>();
  readonly #confirmed = new Map<string, number>();

  /** One has read up to here. */
  mark(conversationId: string, seq: number, link: Link | undefined): void {
    const furthest = Math.max(this.#confirmed.get(conversationId) ?? 0, this.#wanted.get(conversationId) ?? 0);
    if (seq > furthest) {
      this.#wanted.set(conversationId, seq);
      link?.send({ action: "read", conversationId, seq });
    }
  }

  /** The server says how far one has read, here or on another device. */
  confirmed(conversationId: string, seq: number): void {
    this.#confirmed.set(conversationId, Math.max(this.#confirmed.get(conversationId) ?? 0, seq));
    if (seq >= (this.#wanted.get(conversationId) ?? 0)) {
      this.#wanted.delete(conversationId);
    }
  }

  /** There is a new connection: says what was not answered. */
  up(link: Link): void {
    for (const [conversationId, seq] of this.#wanted) {
      link.send({ action: "read", conversationId, seq });
    }
  }
}
