/** The API's shapes under short names. All of them come from the OpenAPI document. */
import type { components } from "./openapi.js";

type Schemas = components["schemas"];

export type Avatar = Schemas["Avatar"];
export type AvatarUpload = Schemas["AvatarUpload"];
export type Comment = Schemas["Comment"];
export type Conversation = Schemas["Conversation"];
export type Found = Schemas["Found"];
export type Friend = Schemas["Friend"];
export type FriendRequest = Schemas["FriendRequest"];
export type History = Schemas["History"];
export type Me = Schemas["Me"];
export type Message = Schemas["Message"];
export type Notification = Schemas["Notification"];
export type Post = Schemas["Post"];
export type Presence = Schemas["Presence"];
export type Problem = Schemas["Problem"];
export type Profile = Schemas["Profile"];
export type Relation = Schemas["Relation"];
export type Session = Schemas["Session"];
export type SignedInUser = Schemas["SignedInUser"];
export type SocketTicket = Schemas["SocketTicket"];
export type Unread = Schemas["Unread"];
export type UserRef = Schemas["UserRef"];
export type Visibility = Schemas["Visibility"];

/** What kind of problem something is, to decide by. A later version of Kith may have more. */
export type ProblemCode = Schemas["Code"];

/** A value that was refused, and why. The pointer is a JSON Pointer into the body. */
export type InvalidValue = Schemas["InvalidValue"];
