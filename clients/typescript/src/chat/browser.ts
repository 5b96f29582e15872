/** What a browser knows of its network and of whether somebody is looking. */

/** What to do about it. */
export interface SurroundingsListener {
  /** The connection may be of use again, or be dead without knowing. */
  nudge(): void;
  /** There is no network. */
  offline(): void;
}

/** Listens until the function that it returns is called. Outside a browser there is nothing to hear. */
export function watchSurroundings({ nudge, offline }: SurroundingsListener): () => void {
  const { window, document } = globalThis as { window?: Window; document?: Document };
  if (window === undefined || document === undefined) {
    return () => {};
  }
  const seen = () => {
    // While nobody looks, a browser slows timers down, and a machine may have slept.
    if (document.visibilityState === "visible") {
      nudge();
    }
  };
  window.addEventListener("online", nudge);
  window.addEventListener("offline", offline);
  document.addEventListener("visibilitychange", seen);
  return () => {
    window.removeEventListener("online", nudge);
    window.removeEventListener("offline", offline);
    document.removeEventListener("visibilitychange", seen);
  };
}
