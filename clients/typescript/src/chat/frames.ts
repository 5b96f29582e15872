/** The frames of the WebSocket API. */
import { isProblem } from "../errors.js";
import type { Conversation, Me, Message, Notification, Presence, Problem } from "../types.js";

/** What a client says. */
export type ClientFrame =
  | { action: "send"; to: string; clientId: string; text: string }
  | { action: "typing"; to: string }
  | { action: "read"; conversationId: string; seq: number }
  | { action: "ping" };

/** Something went wrong with what was said. */
export interface ErrorFrame {
  type: "error";
  action: string;
  clientId?: string;
  problem: Problem;
  retryAfter?: number;
}

/** What a client hears. */
export type ServerFrame =
  | { type: "ack"; clientId: string; message: Message }
  | { type: "message" | "messageEdited" | "messageDeleted"; message: Message }
  | { type: "conversation"; conversation: Conversation }
  | { type: "typing"; conversationId: string; userId: string }
  | { type: "read"; conversationId: string; userId: string; seq: number }
  | { type: "pong"; at: string }
  | { type: "notification"; notification: Notification }
  | ({ type: "presence" } & Pick<Presence, "userId" | "online">)
  | { type: "me"; me: Me }
  | { type: "signedOut" }
  | ErrorFrame
  | GatewayFrame;

/** What API Gateway says itself if a function crashed or took too long. It has no type there, and does not say what it is about. */
export interface GatewayFrame {
  type: "gateway";
  message: string;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isNumber: Check = (value) => typeof value === "number";
const isFlag: Check = (value) => typeof value === "boolean";
const hasId: Check = (value) => isText((value as { id?: unknown } | null)?.id);
const isMessage: Check = (value) => hasId(value) && isNumber((value as { seq?: unknown }).seq);

/** What each frame needs to have, so that nothing further in trips over one that is not what it says. */
const MEMBERS: Readonly<Record<Exclude<ServerFrame["type"], "gateway">, Record<string, Check>>> = {
  ack: { clientId: isText, message: isMessage },
  message: { message: isMessage },
  messageEdited: { message: isMessage },
  messageDeleted: { message: isMessage },
  conversation: { conversation: hasId },
  typing: { conversationId: isText, userId: isText },
  read: { conversationId: isText, userId: isText, seq: isNumber },
  pong: {},
  notification: { notification: hasId },
  presence: { userId: isText, online: isFlag },
  me: { me: hasId },
  signedOut: {},
  error: { problem: isProblem },
};

/** Reads a frame. One of an unknown type, or that is none, is undefined: clients ignore those. */
export function parseFrame(data: unknown): ServerFrame | undefined {
  const frame = parseObject(data);
  if (frame === undefined) {
    return undefined;
  }
  const { type, message } = frame;
  if (type === undefined) {
    return typeof message === "string" ? { type: "gateway", message } : undefined;
  }
  if (typeof type !== "string" || !Object.hasOwn(MEMBERS, type)) {
    return undefined;
  }
  const members = Object.entries(MEMBERS[type as keyof typeof MEMBERS]);
  const isWhole = members.every(([name, check]) => check(frame[name]));
  return isWhole ? (frame as unknown as ServerFrame) : undefined;
}

function parseObject(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== "string") {
    return undefined;
  }
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
