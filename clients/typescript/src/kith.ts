/** A connection to a Kith: typed calls, as whoever is signed in. */
import createClient, { type Client } from "openapi-fetch";
import { type UploadOptions, uploadAvatar } from "./avatar.js";
import type { Answer, CallArguments, ListItem, ListPaths, PathsWith } from "./calls.js";
import { chatApi } from "./chat/api.js";
import { ChatClient } from "./chat/client.js";
import type { ChatOptions } from "./chat/options.js";
import { Emitter } from "./emitter.js";
import { KithError } from "./errors.js";
import type { components, paths } from "./openapi.js";
import { type Page, paginate } from "./pages.js";
import { RETRY_RULES, type RetryRules, type Sender, sendWithRetries } from "./retry.js";
import {
  type Clock,
  checkSurroundings,
  findFetch,
  findWebSocket,
  randomId,
  type SocketConstructor,
  systemClock,
} from "./runtime.js";
import type { Comment, Me, Post, SignedInUser, Visibility } from "./types.js";

/** What a {@link Kith} may be told. */
export interface KithOptions {
  /** Where the HTTP API is, such as `https://api.example.com`. */
  baseUrl: string;
  /** The token of a session from before, if there is one. */
  token?: string | undefined;
  /** Another `fetch` than the global one. */
  fetch?: typeof fetch | undefined;
  /** Another `WebSocket` than the global one, which Node before version 22 has not. */
  WebSocket?: SocketConstructor | undefined;
  /** How requests are tried. */
  retry?: Partial<RetryRules> | undefined;
  /** Time and chance; for tests. */
  clock?: Clock | undefined;
}

/** What a {@link Kith} tells. */
export interface KithEvents {
  /** The session has ended elsewhere, or its time was over: whoever it is, is to sign in again. Its chats have ended with it. */
  sessionEnded: undefined;
}

/** Whoever is signed in. */
interface CurrentSession {
  token: string;
  /** Aborted when it is over, or another one begins: what belongs to it ends then. */
  over: AbortController;
}

type Registration = components["schemas"]["NewUser"];
type SignIn = components["schemas"]["NewSession"];

/**
 * A Kith, and who is signed in there.
 *
 * `get`, `post`, `put`, `patch` and `delete` call any path of the API: they answer what it answers, and
 * throw a {@link KithError} for everything but a success. Requests that may be repeated are, a few
 * times, where no answer came or a later one will be better.
 */
export class Kith {
  /** openapi-fetch's own client, for who wants the whole response: its `ETag`, or a 304. It throws a KithError, too, and repeats nothing. */
  readonly http: Client<paths>;
  readonly #sender: Sender;
  readonly #options: KithOptions;
  readonly #events = new Emitter<KithEvents>();
  #session: CurrentSession | undefined;

  /** @throws Error if there is something missing here that it needs, with what to do about it. */
  constructor(options: KithOptions) {
    checkSurroundings();
    this.#options = options;
    this.#session = options.token === undefined ? undefined : begin(options.token);
    this.#sender = {
      fetch: findFetch(options.fetch),
      clock: options.clock ?? systemClock,
      rules: { ...RETRY_RULES, ...options.retry },
    };
    this.http = createClient<paths>({
      baseUrl: options.baseUrl,
      fetch: this.#sender.fetch,
      // The document says so of every list in a query: one parameter, with commas in it.
      querySerializer: { array: { style: "form", explode: false } },
    });
    this.http.use({
      onRequest: ({ request }) => {
        // What belongs to a certain session says so itself.
        if (this.#session !== undefined && !request.headers.has("Authorization")) {
          request.headers.set("Authorization", bearer(this.#session));
        }
      },
      onResponse: async ({ request, response }) => {
        if (response.ok || response.status === 304) {
          return;
        }
        const error = await KithError.fromResponse(response);
        if (error.code === "unauthenticated") {
          this.#sessionEnded(request.headers.get("Authorization"));
        }
        throw error;
      },
    });
  }

  /** The session's token, to be kept for the next time; undefined if nobody is signed in. */
  get token(): string | undefined {
    return this.#session?.token;
  }

  /** Listens until the function that it returns is called. */
  on<Name extends keyof KithEvents>(name: Name, listener: (value: KithEvents[Name]) => void): () => void {
    return this.#events.on(name, listener);
  }

  /** Registers somebody, who is signed in from then on. */
  async register(body: Registration): Promise<Me> {
    return this.#signedIn(await this.post("/v1/users", { body }));
  }

  /** Signs somebody in: `login` is a username or an email address. */
  async signIn(body: SignIn): Promise<Me> {
    return this.#signedIn(await this.post("/v1/sessions", { body }));
  }

  /**
   * Ends this session, and the chats that were made in it. Its token is forgotten first: whatever comes of
   * the request, nobody is signed in here.
   */
  async signOut(): Promise<void> {
    const headers = { Authorization: bearer(this.#session) };
    this.#becomes(undefined);
    const ended = this.delete("/v1/sessions/{sessionId}", { params: { path: { sessionId: "current" } }, headers });
    await ended.catch((error: unknown) => {
      // It had ended before.
      if (KithError.of(error).code !== "unauthenticated") {
        throw error;
      }
    });
  }

  /** Reads something. */
  get<Path extends PathsWith<"get">>(path: Path, ...init: CallArguments<"get", Path>): Promise<Answer<"get", Path>> {
    return this.#call("get", path, init[0]);
  }

  /** Makes something. It is not repeated unless twice is as good as once: see {@link createPost}. */
  post<Path extends PathsWith<"post">>(
    path: Path,
    ...init: CallArguments<"post", Path>
  ): Promise<Answer<"post", Path>> {
    return this.#call("post", path, init[0]);
  }

  /** Sets something. */
  put<Path extends PathsWith<"put">>(path: Path, ...init: CallArguments<"put", Path>): Promise<Answer<"put", Path>> {
    return this.#call("put", path, init[0]);
  }

  /** Changes something. */
  patch<Path extends PathsWith<"patch">>(
    path: Path,
    ...init: CallArguments<"patch", Path>
  ): Promise<Answer<"patch", Path>> {
    return this.#call("patch", path, init[0]);
  }

  /** Removes something. */
  delete<Path extends PathsWith<"delete">>(
    path: Path,
    ...init: CallArguments<"delete", Path>
  ): Promise<Answer<"delete", Path>> {
    return this.#call("delete", path, init[0]);
  }

  /** All items of a list, for `for await`: pages are read as they are needed. */
  list<Path extends ListPaths>(
    path: Path,
    ...init: CallArguments<"get", Path>
  ): AsyncGenerator<ListItem<Path>, void, undefined> {
    return paginate(async (cursor) => {
      const given = init[0] as { params?: { query?: object } } | undefined;
      const query = cursor === undefined ? given?.params?.query : { ...given?.params?.query, cursor };
      const page = await this.#call("get", path, { ...given, params: { ...given?.params, query } });
      return page as Page<ListItem<Path>>;
    });
  }

  /**
   * Writes a post, once, however often it has to be sent: it goes under an idempotency key. Whoever may
   * have to try once more later, such as after a reload, gives a key of their own and keeps it.
   */
  createPost(post: { text: string; visibility?: Visibility }, idempotencyKey = randomId()): Promise<Post> {
    const header = { "Idempotency-Key": idempotencyKey };
    return this.post("/v1/posts", { params: { header }, body: post });
  }

  /** Comments on a post, once, like {@link createPost}. */
  createComment(postId: string, text: string, idempotencyKey = randomId()): Promise<Comment> {
    const params = { path: { postId }, header: { "Idempotency-Key": idempotencyKey } };
    return this.post("/v1/posts/{postId}/comments", { params, body: { text } });
  }

  /** Uploads a picture of oneself and waits until it is to be seen. */
  uploadAvatar(picture: Blob, options: UploadOptions = {}): Promise<Me> {
    return uploadAvatar(this, this.#sender, picture, options);
  }

  /**
   * Chat, in real time, as oneself: `userId` is the id of whoever is signed in. `start` connects. It belongs
   * to the session that there is now, and ends with it: nothing of it is ever said by who signs in next.
   */
  chat(userId: string, options: ChatOptions = {}): ChatClient {
    const Socket = findWebSocket(this.#options.WebSocket);
    const authorization = bearer(this.#session);
    const session = {
      over: this.#session?.over.signal ?? AbortSignal.abort(),
      ended: () => this.#sessionEnded(authorization),
    };
    const api = chatApi(this, authorization);
    return new ChatClient({ api, session, clock: this.#sender.clock, Socket, userId }, options);
  }

  async #call(method: Method, path: string, init: object | undefined): Promise<never> {
    const send = (request: Request) => sendWithRetries(this.#sender, request, isRepeatable(request, path));
    const call = this.http.request as (...call: unknown[]) => Promise<{ data?: unknown; response: Response }>;
    const { data, response } = await call(method, path, { ...init, fetch: send }).catch((error: unknown) => {
      // A proxy's page, say.
      const detail = "The answer is none of Kith's.";
      throw error instanceof SyntaxError
        ? new KithError({ code: "unknown", status: 200, detail, cause: error })
        : error;
    });
    if (response.status === 304) {
      throw new KithError({ code: "unknown", status: 304, detail: "It has not changed: `http` tells so." });
    }
    return data as never;
  }

  #signedIn({ user, session }: SignedInUser): Me {
    this.#becomes(begin(session.token));
    return user;
  }

  /** From here on this is the session; what belongs to the one before ends. */
  #becomes(session: CurrentSession | undefined): void {
    const before = this.#session;
    this.#session = session;
    before?.over.abort();
  }

  /** The session of this header has ended; if that is ours still, it is told once. */
  #sessionEnded(authorization: string | null): void {
    if (this.#session !== undefined && authorization === bearer(this.#session)) {
      this.#becomes(undefined);
      this.#events.emit("sessionEnded", undefined);
    }
  }
}

function begin(token: string): CurrentSession {
  return { token, over: new AbortController() };
}

/** The header of a session; without one, a header that is refused. */
function bearer(session: CurrentSession | undefined): string {
  return `Bearer ${session?.token ?? ""}`;
}

type Method = "get" | "post" | "put" | "patch" | "delete";

/** What may be sent twice although its method does not say so, and why. */
const REPEATABLE: ReadonlySet<string> = new Set([
  // A ticket that nobody uses is worthless after a minute.
  "POST /v1/socket-tickets",
  // The same URL for the same picture, or another one: only the last upload counts.
  "POST /v1/me/avatar",
  // A known client id answers the message that it was.
  "POST /v1/messages",
  // An edit that changes nothing takes no revision.
  "PATCH /v1/conversations/{conversationId}/messages/{seq}",
]);

function isRepeatable(request: Request, path: string): boolean {
  const { method, headers } = request;
  return (
    ["GET", "PUT", "DELETE"].includes(method) || headers.has("Idempotency-Key") || REPEATABLE.has(`${method} ${path}`)
  );
}
