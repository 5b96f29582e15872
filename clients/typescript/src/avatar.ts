/** Uploading a picture of oneself. */
import type { ChatClient } from "./chat/client.js";
import { KithError } from "./errors.js";
import type { Kith } from "./kith.js";
import { type Sender, sendWithRetries } from "./retry.js";
import { type Clock, pause } from "./runtime.js";
import type { Me } from "./types.js";

/** How an upload is waited for. */
export interface UploadOptions {
  /** What the picture is, if the blob does not say: `image/png`, `image/jpeg` or `image/webp`. */
  contentType?: PictureType;
  /** Hears of the picture as soon as it is there; without one, it is asked for. */
  chat?: ChatClient;
  /** Gives up. */
  signal?: AbortSignal;
  /** For how many milliseconds the picture is waited for once it is uploaded, before it looks for a last time. */
  patience?: number;
}

type PictureType = "image/png" | "image/jpeg" | "image/webp";

/** A picture takes about a second. */
const PATIENCE = 60_000;
const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 4000;

/**
 * Asks where the picture is to be put, puts it there, and waits until the profile shows it.
 *
 * @throws KithError `upload-failed` if it cannot be used, with the reason's code as its detail;
 * `unavailable` if it is not there in time, which does not say that it never will be.
 */
export async function uploadAvatar(kith: Kith, sender: Sender, picture: Blob, options: UploadOptions): Promise<Me> {
  const { signal } = options;
  // The server says which types it takes, and that this is none of them.
  const contentType = (options.contentType ?? picture.type) as PictureType;
  const body = { contentType, contentLength: picture.size };
  const { upload } = await kith.post("/v1/me/avatar", { body, ...(signal && { signal }) });
  const put = new Request(upload.url, {
    method: upload.method,
    // Type and length are signed: nothing may be added, and the length is what the body has.
    headers: upload.headers,
    body: picture.slice(0, picture.size, contentType),
    ...(signal && { signal }),
  });
  const response = await sendWithRetries(sender, put, true);
  if (!response.ok) {
    const detail = `The picture was refused with ${response.status}.`;
    throw new KithError({ code: "upload-failed", status: response.status, detail });
  }
  return settled(kith, sender, upload.id, options);
}

/** Why a picture cannot be used, in words. */
const UNUSABLE: Partial<Record<string, string>> = {
  "not-a-picture": "This is no PNG, JPEG or WebP picture.",
  "other-type": "The picture is of another type than its file says.",
  "too-large": "The picture is too large: at most 4096 pixels wide and high, and 5 MiB.",
  animated: "The picture moves: choose one that does not.",
  damaged: "A part of the picture is missing or broken.",
  "not-only-a-picture": "There is something else in the file than a picture.",
};

/** Waits until an upload is no longer pending: looks from time to time, and whenever the chat hears of oneself. */
async function settled(kith: Kith, { clock }: Sender, id: string, options: UploadOptions): Promise<Me> {
  const { signal, chat, patience = PATIENCE } = options;
  let news = new AbortController();
  const unlisten = chat?.on("me", () => news.abort());
  let isOver = false;
  const cancel = clock.after(patience, () => {
    isOver = true;
    news.abort();
  });
  try {
    for (let length = FIRST_PAUSE; ; length = Math.min(LONGEST_PAUSE, length * 1.5)) {
      // What is heard of while it looks may have come after what it sees.
      news = new AbortController();
      const isLast = isOver;
      const me = await kith.get("/v1/me", signal && { signal });
      const { avatarUpload } = me;
      // Another upload since then took the place of this one.
      if (avatarUpload?.id !== id) {
        return me;
      }
      if (avatarUpload.status === "failed") {
        const detail = UNUSABLE[avatarUpload.code ?? ""] ?? "The picture cannot be used.";
        throw new KithError({ code: "upload-failed", status: 422, detail });
      }
      if (isLast) {
        throw new KithError({ code: "unavailable", status: 0, detail: "The picture is not there yet." });
      }
      await pauseUnless(news.signal, clock, length, signal);
    }
  } finally {
    cancel();
    unlisten?.();
  }
}

/** Waits, but no longer than until there is news. */
async function pauseUnless(news: AbortSignal, clock: Clock, length: number, signal?: AbortSignal): Promise<void> {
  const either = signal === undefined ? news : AbortSignal.any([news, signal]);
  await pause(clock, length, either).catch(() => signal?.throwIfAborted());
}
