/** Finding people, friend requests, friends. */
import type { Found, Friend, FriendRequest } from "kith-client";
import { type App, nameOf, type Part, personLine } from "./app.js";
import { announce, attempt, button, field, form, h } from "./dom.js";

export function people(app: App): Part {
  const { kith } = app;
  const found = h("ul", { className: "plain", attrs: { "aria-label": "People found", "aria-live": "polite" } });
  const requests = h("ul", { className: "plain", attrs: { "aria-label": "Friend requests" } });
  const friends = h("ul", { className: "plain", attrs: { "aria-label": "Friends" } });

  async function refresh(): Promise<void> {
    const incoming: HTMLElement[] = [];
    for await (const request of kith.list("/v1/friend-requests", { params: { query: { direction: "incoming" } } })) {
      incoming.push(requestLine(request));
    }
    requests.replaceChildren(...orNone(incoming, "Nobody is waiting for an answer."));
    const all: HTMLElement[] = [];
    for await (const friend of kith.list("/v1/friends", { params: { query: { limit: 100 } } })) {
      all.push(friendLine(friend));
    }
    friends.replaceChildren(...orNone(all, "Search for somebody you know, and ask them."));
    app.count();
  }

  function requestLine({ id, sender }: FriendRequest): HTMLElement {
    const answer = (status: "accepted" | "rejected") => async () => {
      const params = { path: { requestId: id } };
      await kith.patch("/v1/friend-requests/{requestId}", { params, body: { status } });
      await refresh();
    };
    const accept = button("Accept", answer("accepted"), "primary");
    return h("li", {}, personLine(sender, accept, button("Not now", answer("rejected"))));
  }

  function friendLine(friend: Friend): HTMLElement {
    const unfriend = async () => {
      await kith.delete("/v1/friends/{userId}", { params: { path: { userId: friend.id } } });
      await refresh();
    };
    const talk = button("Message", () => app.show("Chats", friend), "primary");
    return h("li", {}, personLine(friend, talk, button("Unfriend", unfriend)));
  }

  function foundLine(person: Found): HTMLElement {
    const ask = button(
      "Add friend",
      async () => {
        const request = await kith.post("/v1/friend-requests", { body: { to: person.id } });
        const isMutual = request.status === "accepted";
        announce(isMutual ? `${nameOf(person)} had asked you: you are friends.` : `${nameOf(person)} was asked.`);
        ask.replaceWith(h("span", { className: "quiet", textContent: isMutual ? "Friends" : "Asked" }));
        await refresh();
      },
      "primary",
    );
    const relations: Partial<Record<string, string>> = {
      self: "You",
      friends: "Friends",
      requestSent: "Asked",
      requestReceived: "Asks you",
      blocked: "Blocked",
    };
    const relation = relations[person.relation];
    const end = relation === undefined ? ask : h("span", { className: "quiet", textContent: relation });
    return h("li", {}, personLine(person, end));
  }

  const query = h("input", { name: "query", type: "search", required: true, minLength: 2, autocomplete: "off" });
  const search = form(
    { className: "row", label: "Search for people" },
    async (values) => {
      const { items } = await kith.get("/v1/users", { params: { query: { query: values["query"] ?? "" } } });
      found.replaceChildren(...orNone(items.map(foundLine), "Nobody is called that."));
    },
    field("Name or username", query),
    h("button", { type: "submit", className: "primary", textContent: "Search" }),
  );
  void attempt(refresh);
  const unlisten = app.chat.on("notification", () => void attempt(refresh));
  const card = (title: string, ...children: Node[]) =>
    h("div", { className: "card" }, h("h2", { textContent: title }), ...children);
  const heading = h(
    "div",
    { className: "row" },
    h("h1", { textContent: "People" }),
    button("Refresh", refresh, "link"),
  );
  const element = h(
    "section",
    { className: "stack" },
    heading,
    card("Find people", search, found),
    card("Friend requests", requests),
    card("Friends", friends),
  );
  return { element, leave: unlisten };
}

function orNone(lines: HTMLElement[], none: string): HTMLElement[] {
  return lines.length > 0 ? lines : [h("li", { className: "quiet", textContent: none })];
}
