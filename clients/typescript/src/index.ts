/**
 * A client of Kith: typed calls, uploads, and chat that loses and doubles nothing.
 *
 * {@link Kith} is where everything begins.
 */
export type { UploadOptions } from "./avatar.js";
export type { Answer, CallArguments, ListItem, ListPaths, PathsWith } from "./calls.js";
export { conversationIdOf } from "./chat/api.js";
export type { ChatClient } from "./chat/client.js";
export type { ChatEvents, ChatState } from "./chat/events.js";
export type { ChatOptions, ChatTimings } from "./chat/options.js";
export type { OutgoingMessage, OutgoingStatus, PendingMessage } from "./chat/outgoing.js";
export type { ChatPosition, Place } from "./chat/position.js";
export type { ConversationView, ViewEvents } from "./chat/view.js";
export { type ErrorCode, KithError } from "./errors.js";
export { Kith, type KithEvents, type KithOptions } from "./kith.js";
export type { components, operations, paths } from "./openapi.js";
export { type Page, paginate } from "./pages.js";
export type { RetryRules } from "./retry.js";
export { type Clock, randomId, type SocketConstructor, type SocketLike } from "./runtime.js";
export type * from "./types.js";
