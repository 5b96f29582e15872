/** How far one has read: said until the server has heard it. */
import type { Link } from "./link.js";

/** A marker that the server has not confirmed yet. */
interface Wanted {
  seq: number;
  /** Whether it is further than the conversation, as far as that was known. */
  isPastEnd: boolean;
}

/** Read markers only move forward, so saying one again does no harm, and only the furthest counts. */
export class ReadMarkers {
  readonly #wanted = new Map<string, Wanted>();
  readonly #confirmed = new Map<string, number>();

  /** One has read up to here, of a conversation whose last message is that one, or a later one that was not heard of. */
  mark(conversationId: string, seq: number, lastSeq: number, link: Link | undefined): void {
    const furthest = Math.max(this.#confirmed.get(conversationId) ?? 0, this.#wanted.get(conversationId)?.seq ?? 0);
    if (seq > furthest) {
      this.#wanted.set(conversationId, { seq, isPastEnd: seq > lastSeq });
      link?.send({ action: "read", conversationId, seq });
    }
  }

  /**
   * The server says how far one has read, here or on another device. A marker past the end means the end,
   * so what answers it is less far: it is settled by any, as it would be in the way of all later ones.
   */
  confirmed(conversationId: string, seq: number): void {
    this.#confirmed.set(conversationId, Math.max(this.#confirmed.get(conversationId) ?? 0, seq));
    const wanted = this.#wanted.get(conversationId);
    if (wanted !== undefined && (wanted.isPastEnd || seq >= wanted.seq)) {
      this.#wanted.delete(conversationId);
    }
  }

  /** There is a new connection: says what was not answered. */
  up(link: Link): void {
    for (const [conversationId, { seq }] of this.#wanted) {
      link.send({ action: "read", conversationId, seq });
    }
  }
}
