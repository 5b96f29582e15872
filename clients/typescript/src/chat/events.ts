/** What a chat client tells. */
import type { KithError } from "../errors.js";
import type { Conversation, Me, Message, Notification, Presence } from "../types.js";
import type { OutgoingMessage } from "./outgoing.js";

/**
 * How it stands with the connection: `idle` before `start` and after `stop`; `connecting`; `connected`;
 * `waiting` to try again; `ended`, with the session.
 */
export type ChatState = "idle" | "connecting" | "connected" | "waiting" | "ended";

/** Everything that a {@link ChatClient} tells. */
export interface ChatEvents {
  /** The connection is in another state. */
  state: ChatState;
  /** It has caught up with everything that happened before it connected. */
  synced: undefined;
  /** A message that is new, one's own ones among them: of a conversation each one once, in the order of `seq`. */
  message: Message;
  /** A message says something else. */
  edited: Message;
  /** A message was deleted. */
  deleted: Message;
  /** The list of conversations has this now. */
  conversation: Conversation;
  /** Somebody, perhaps oneself on another device, has read up to there. */
  read: { conversationId: string; userId: string; seq: number };
  /** Somebody is typing. */
  typing: { conversationId: string; userId: string };
  /** Something has happened that one may want to know. */
  notification: Notification;
  /** A friend came or went. */
  presence: Pick<Presence, "userId" | "online">;
  /** One's own profile is now like this. */
  me: Me;
  /** A message of one's own is in another status. */
  outgoing: OutgoingMessage;
  /** The session has ended: there will be nothing more. */
  sessionEnded: undefined;
  /** Something went wrong that nobody else is told of. The client goes on. */
  error: KithError;
}
