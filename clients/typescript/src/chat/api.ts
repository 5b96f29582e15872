/** What chat asks over HTTP. */
import type { Kith } from "../kith.js";
import type { Page } from "../pages.js";
import type { Conversation, History, Message } from "../types.js";

/** Which messages of a conversation: the latest page, or those on one side of a bound, which is not among them. */
export type Span =
  | { before?: never; after?: never; changedAfter?: never }
  | { before: number }
  | { after: number }
  | { changedAfter: number };

/** The part of the HTTP API that chat stands on. */
export interface ChatApi {
  takeTicket(signal: AbortSignal): Promise<string>;
  conversations(limit: number, cursor: string | undefined, signal?: AbortSignal): Promise<Page<Conversation>>;
  history(conversationId: string, span: Span, limit: number, signal?: AbortSignal): Promise<History>;
  edit(conversationId: string, seq: number, text: string): Promise<Message>;
  delete(conversationId: string, seq: number): Promise<void>;
}

/** The session that a chat belongs to. */
export interface ChatSession {
  /** Aborted when it is over, whoever ended it. */
  over: AbortSignal;
  /** The server has said that it is over. */
  ended(): void;
}

const MESSAGE = "/v1/conversations/{conversationId}/messages/{seq}";

/** The real one. It asks in the name of one session, whoever is signed in meanwhile. */
export function chatApi(kith: Kith, authorization: string): ChatApi {
  const headers = { Authorization: authorization };
  return {
    async takeTicket(signal) {
      return (await kith.post("/v1/socket-tickets", { headers, signal })).url;
    },
    conversations(limit, cursor, signal) {
      const query = cursor === undefined ? { limit } : { limit, cursor };
      return kith.get("/v1/conversations", { headers, params: { query }, ...(signal && { signal }) });
    },
    history(conversationId, span, limit, signal) {
      const params = { path: { conversationId }, query: { ...span, limit } };
      const more = signal && { signal };
      return kith.get("/v1/conversations/{conversationId}/messages", { headers, params, ...more });
    },
    edit(conversationId, seq, text) {
      return kith.patch(MESSAGE, { headers, params: { path: { conversationId, seq } }, body: { text } });
    },
    async delete(conversationId, seq) {
      await kith.delete(MESSAGE, { headers, params: { path: { conversationId, seq } } });
    },
  };
}

/**
 * The id of what two people say to each other, whether or not they have said anything yet: both their ids,
 * the lesser one first.
 */
export function conversationIdOf(one: string, other: string): string {
  return one < other ? `${one}-${other}` : `${other}-${one}`;
}
