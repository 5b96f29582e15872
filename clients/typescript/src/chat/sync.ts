/** Catching up: with what happened while nobody listened, and with what a push should have told. */
import { Backoff } from "../backoff.js";
import { KithError } from "../errors.js";
import type { Clock } from "../runtime.js";
import type { Conversation, Message } from "../types.js";
import type { ChatApi } from "./api.js";
import type { ChatTimings } from "./options.js";
import { type ChatPosition, NOWHERE, type Place } from "./position.js";
import { Track, type TrackListener } from "./track.js";

/** For how long the list of conversations may be behind the conversations themselves. */
const LAG = 60_000;

/** How many conversations are looked at when a client that knows nothing first connects. */
const FIRST_LOOK = 100;
const CONVERSATIONS_A_PAGE = 20;
const MESSAGES_A_PAGE = 100;

/** How many conversations are fetched at once. */
const FETCHERS = 4;

/** Who is told. */
export interface SyncListener extends TrackListener {
  conversation(conversation: Conversation): void;
  failed(error: KithError): void;
}

/**
 * Sees to it that every conversation's {@link Track} gets everything.
 *
 * How long ago it last caught up is measured in the server's own times, by the newest `updatedAt` that it
 * saw then: so it does not matter what this machine's clock says. Whatever changed since is listed above
 * that, or within a minute below it, as the list may be so far behind.
 */
export class Sync {
  readonly #tracks = new Map<string, Track>();
  /** What is being fetched; one at a time for each conversation. */
  readonly #fetching = new Map<string, Promise<void>>();
  readonly #gapTimers = new Map<string, () => void>();
  readonly #backoff: Backoff;
  #syncedTo: string | null;
  #floor: string | null;
  #hasBaseline: boolean;
  #stopped = new AbortController();

  constructor(
    private readonly api: ChatApi,
    private readonly clock: Clock,
    private readonly timings: ChatTimings,
    private readonly listener: SyncListener,
    since: ChatPosition | undefined,
  ) {
    const { syncedTo, floor, places } = since ?? NOWHERE;
    this.#syncedTo = syncedTo;
    this.#floor = floor;
    this.#hasBaseline = since !== undefined;
    this.#backoff = new Backoff(clock, timings.reconnect);
    for (const [id, place] of Object.entries(places)) {
      this.#tracks.set(id, new Track(listener, place));
    }
  }

  /** How far it is. */
  get position(): ChatPosition | undefined {
    if (!this.#hasBaseline) {
      return undefined;
    }
    const places: Record<string, Place> = {};
    for (const [id, { place }] of this.#tracks) {
      if (place !== undefined) {
        places[id] = { ...place };
      }
    }
    return { syncedTo: this.#syncedTo, floor: this.#floor, places };
  }

  /** Goes on after `stop`. */
  start(): void {
    this.#stopped = new AbortController();
  }

  /** Gives up what it is doing. */
  stop(): void {
    this.#stopped.abort();
    for (const cancel of this.#gapTimers.values()) {
      cancel();
    }
    this.#gapTimers.clear();
  }

  /** A message that was pushed, or answered. */
  heard(message: Message): void {
    const track = this.#track(message.conversationId);
    track.push(message);
    this.#watch(message.conversationId, track);
  }

  /** How a conversation is now. */
  told({ id, lastSeq, lastRevision }: Conversation): void {
    const track = this.#track(id);
    track.expect(lastSeq, lastRevision);
    this.#watch(id, track);
  }

  /** Somebody has read a conversation up to here. If that message was not heard of, something was missed. */
  readTo(conversationId: string, seq: number): void {
    if (seq > this.lastSeq(conversationId)) {
      const track = this.#track(conversationId);
      track.expect(seq, 0);
      this.#watch(conversationId, track);
    }
  }

  /** The last message of a conversation that was heard of; 0 if there was none. */
  lastSeq(conversationId: string): number {
    return this.#tracks.get(conversationId)?.lastSeq ?? 0;
  }

  /** Somebody has read a conversation's latest page, up to here: from here on it is followed, if it was not before. */
  follow(conversationId: string, place: Place): void {
    const track = this.#track(conversationId);
    track.begin(place);
    this.#watch(conversationId, track);
  }

  /** Lists what has changed since last time, and fetches it. */
  async catchUp(): Promise<void> {
    const { listed, newest, floor } = await this.#list();
    if (!this.#hasBaseline) {
      this.#begin(listed, floor);
    }
    for (const conversation of listed) {
      this.#track(conversation.id).expect(conversation.lastSeq, conversation.lastRevision);
      this.listener.conversation(conversation);
    }
    // Also what was pushed, and waits to be told where it stands.
    const behind = [...this.#tracks].filter(([, track]) => track.isBehind).map(([id]) => id);
    const fetchers = Array.from({ length: FETCHERS }, async () => {
      for (let id = behind.pop(); id !== undefined; id = behind.pop()) {
        await this.#fetchNow(id);
      }
    });
    await Promise.all(fetchers);
    this.#syncedTo = newest;
  }

  /**
   * What has changed since last time, or, the first time, what there is of late; the newest time among it;
   * and the oldest, if there is more behind it.
   */
  async #list(): Promise<{ listed: Conversation[]; newest: string | null; floor: string | null }> {
    const isFirst = !this.#hasBaseline;
    const until = this.#syncedTo === null ? Number.NEGATIVE_INFINITY : Date.parse(this.#syncedTo) - LAG;
    const listed: Conversation[] = [];
    let newest = this.#syncedTo;
    let oldest: string | null = null;
    let cursor: string | undefined;
    for (;;) {
      const limit = isFirst ? FIRST_LOOK : CONVERSATIONS_A_PAGE;
      const page = await this.api.conversations(limit, cursor, this.#stopped.signal);
      for (const conversation of page.items) {
        listed.push(conversation);
        oldest = conversation.updatedAt;
        newest = newest === null || newest < oldest ? oldest : newest;
      }
      if (page.nextCursor === null) {
        return { listed, newest, floor: null };
      }
      cursor = page.nextCursor;
      if (isFirst ? listed.length >= FIRST_LOOK : oldest !== null && Date.parse(oldest) < until) {
        return { listed, newest, floor: oldest };
      }
    }
  }

  /** From here on, everything is new. */
  #begin(listed: Conversation[], floor: string | null): void {
    this.#floor = floor;
    this.#hasBaseline = true;
    for (const { id, lastSeq, lastRevision } of listed) {
      this.#track(id).begin({ seq: lastSeq, revision: lastRevision });
    }
  }

  #track(id: string): Track {
    let track = this.#tracks.get(id);
    if (track === undefined) {
      track = new Track(this.listener);
      this.#tracks.set(id, track);
    }
    return track;
  }

  /** If something is missing that does not come by itself in a moment, it is fetched. */
  #watch(id: string, track: Track, wait = this.timings.gap): void {
    const isKnown = this.#hasBaseline && this.#tracks.get(id) === track;
    const { signal } = this.#stopped;
    if (!isKnown || !track.isBehind || this.#gapTimers.has(id) || signal.aborted) {
      return;
    }
    const cancel = this.clock.after(wait, () => {
      this.#gapTimers.delete(id);
      if (track.isBehind) {
        this.#fetch(id).catch((error: unknown) => {
          if (!signal.aborted) {
            this.listener.failed(KithError.of(error));
          }
        });
      }
    });
    this.#gapTimers.set(id, cancel);
  }

  /** Fetches what is missing of a conversation now: what is being fetched may have been asked for before. */
  async #fetchNow(id: string): Promise<void> {
    await this.#fetching.get(id)?.catch(() => {});
    await this.#fetch(id);
  }

  /** Fetches what is missing of a conversation. Whoever asks while that is done waits for it, too. */
  #fetch(id: string): Promise<void> {
    const running = this.#fetching.get(id);
    if (running !== undefined) {
      return running;
    }
    const track = this.#track(id);
    const fetching = this.#fetchAll(id, track).finally(() => {
      this.#fetching.delete(id);
      if (track.isBehind) {
        // It failed, or something came in meanwhile: in a while, once more.
        this.#watch(id, track, this.timings.gap + this.#backoff.next());
      } else {
        this.#backoff.reset();
      }
    });
    this.#fetching.set(id, fetching);
    return fetching;
  }

  async #fetchAll(id: string, track: Track): Promise<void> {
    const { signal } = this.#stopped;
    try {
      if (track.place === undefined) {
        await this.#findPlace(id, track);
      }
      await this.#fetchMessages(id, track, signal);
      await this.#fetchChanges(id, track, signal);
    } catch (error) {
      // A conversation that is not there has nothing to be missed.
      if (error instanceof KithError && error.code === "not-found") {
        this.#tracks.delete(id);
        return;
      }
      throw error;
    }
  }

  /** In a conversation that was not seen before, what was said after the floor is new. */
  async #findPlace(id: string, track: Track): Promise<void> {
    const { signal } = this.#stopped;
    const page = await this.api.history(id, {}, MESSAGES_A_PAGE, signal);
    const isNew = ({ createdAt }: Message) => this.#floor === null || createdAt > this.#floor;
    const fresh = page.items.filter(isNew);
    let first = page.items[0];
    while (first !== undefined && isNew(first) && first.seq > 1) {
      const { items } = await this.api.history(id, { before: first.seq }, MESSAGES_A_PAGE, signal);
      fresh.unshift(...items.filter(isNew));
      first = items[0];
    }
    track.begin({ seq: (fresh[0]?.seq ?? page.lastSeq + 1) - 1, revision: page.lastRevision });
    for (const message of fresh) {
      track.offer(message);
    }
  }

  async #fetchMessages(id: string, track: Track, signal: AbortSignal): Promise<void> {
    while (track.missesMessages) {
      const after = track.place?.seq ?? 0;
      const page = await this.api.history(id, { after }, MESSAGES_A_PAGE, signal);
      track.expect(page.lastSeq, page.lastRevision);
      for (const message of page.items) {
        track.offer(message);
      }
      if (page.items.length === 0) {
        return;
      }
    }
  }

  async #fetchChanges(id: string, track: Track, signal: AbortSignal): Promise<void> {
    while (track.missesChanges) {
      const changedAfter = track.place?.revision ?? 0;
      const { items, lastRevision } = await this.api.history(id, { changedAfter }, MESSAGES_A_PAGE, signal);
      for (const message of items) {
        track.offer(message);
      }
      // The last one of a page says how far it goes; there may be more behind it.
      const last = items.at(-1);
      track.changesSeenTo(last?.revision ?? lastRevision);
      if (last === undefined || last.revision >= lastRevision) {
        return;
      }
    }
  }
}
