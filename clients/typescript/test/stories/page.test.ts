import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import axe from "axe-core";
import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { complaints, picture, servePage, startBrowser } from "../support/browser.js";
import { befriend, PASSWORD, PATIENCE, type Person, register as registered } from "../support/people.js";
import { type Stack, startStack } from "../support/stack.js";

/** Where pictures of the page are put, if anywhere. */
const SCREENSHOTS = process.env["KITH_SCREENSHOTS"];

/** A name, and a post, that would run if they were ever HTML. */
const HOSTILE = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`;

interface Visitor {
  context: BrowserContext;
  page: Page;
  complaints: string[];
}

describe("the page", () => {
  let stack: Stack;
  let served: { url: string; stop(): void };
  let browser: Browser;

  before(async () => {
    stack = await startStack();
    served = await servePage(stack.http);
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    served?.stop();
    await stack?.stop();
  });

  async function visit(options = {}): Promise<Visitor> {
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    const visitor = { context, page, complaints: complaints(page) };
    await page.goto(served.url);
    return visitor;
  }

  async function register({ page }: Visitor, username: string, name: string): Promise<void> {
    await page.getByRole("button", { name: "I am new here" }).click();
    await page.getByLabel("Username").fill(username);
    await page.getByLabel("Email").fill(`${username}@example.com`);
    await page.getByLabel("Name", { exact: true }).fill(name);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByLabel("Password").press("Enter");
    await isIn(page);
  }

  async function signIn({ page }: Visitor, { me }: Person): Promise<void> {
    await page.getByLabel("Username or email").fill(me.username);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await isIn(page);
  }

  test(
    "two people register, become friends, post, like, comment, and talk, also after a time offline",
    PATIENCE,
    async () => {
      const [alice, bob] = [await visit(), await visit()];
      await look(alice, "welcome");
      await register(alice, "alice", "Alice Liddell");
      await register(bob, "bob", HOSTILE);

      // A picture, which is there once it says so.
      await part(alice, "Me");
      const file = { name: "me.png", mimeType: "image/png", buffer: picture(200, 80, 40) };
      await alice.page.getByLabel("A picture of you").setInputFiles(file);
      await alice.page.getByRole("button", { name: "Upload" }).click();
      await seen(alice.page.getByText("Your picture is there."));
      await isLoaded(alice.page.locator(".face img"));
      await look(alice, "me");

      // Friends.
      await part(bob, "People");
      await bob.page.getByLabel("Name or username").fill("lid");
      await bob.page.getByRole("button", { name: "Search" }).click();
      const found = bob.page.getByRole("list", { name: "People found" });
      await isLoaded(found.locator("img"));
      await found.getByRole("button", { name: "Add friend" }).click();
      await seen(found.getByText("Asked"));
      await part(alice, "People");
      await alice.page.getByRole("button", { name: "Accept" }).click();
      await seen(alice.page.getByRole("list", { name: "Friends" }).getByText("@bob"));
      await look(alice, "people");

      // A post, a like, a comment.
      await part(alice, "Feed");
      await alice.page.getByLabel("What is on your mind?").fill(`Why is a raven like a writing-desk?\n${HOSTILE}`);
      await alice.page.getByRole("button", { name: "Post", exact: true }).click();
      await seen(alice.page.getByRole("article").getByText("writing-desk"));
      await part(bob, "Feed");
      const post = bob.page.getByRole("article", { name: "Post by Alice Liddell" });
      await sooner(post, () => bob.page.getByRole("button", { name: "Refresh" }).click());
      const like = post.getByRole("button", { name: /^Like/ });
      await like.click();
      await seen(post.getByRole("button", { name: "Like, 1 so far", pressed: true }));
      await post.getByRole("button", { name: "0 comments" }).click();
      await post.getByLabel("Your comment").fill("I give it up.");
      await post.getByLabel("Your comment").press("Enter");
      await seen(post.getByRole("button", { name: "1 comment" }));
      await look(bob, "feed");
      await alice.page.getByRole("button", { name: "Refresh" }).click();
      await seen(alice.page.getByRole("button", { name: "Like, 1 so far" }));

      // They talk.
      await part(alice, "People");
      await alice.page.getByRole("button", { name: "Message" }).click();
      const [alices, bobs] = [log(alice), log(bob)];
      await say(alice, "Take some more tea.");
      await sooner(bob.page.getByRole("button", { name: /^Chats 1 new/ }), () => part(bob, "Feed"));
      await part(bob, "Chats");
      await bob.page.getByRole("list", { name: "Conversations" }).getByRole("button").click();
      await seen(bobs.getByText("Take some more tea."));
      await gone(bob.page.getByRole("button", { name: /^Chats 1 new/ }));
      const isTyping = alice.page.getByRole("status").filter({ hasText: "is typing" });
      await sooner(isTyping, () => bob.page.getByLabel("Message", { exact: true }).pressSequentially("I have had"));
      await look(alice, "typing");
      await say(bob, "I have had nothing yet.");
      await sooner(alices.getByText("I have had nothing yet."), () => reopen(alice));

      // Bob is away; both go on writing.
      await bob.context.setOffline(true);
      await seen(bob.page.getByRole("status").filter({ hasText: "Offline" }));
      await bob.page.getByLabel("Message", { exact: true }).fill("So I can't take more.");
      await bob.page.getByRole("button", { name: "Send" }).click();
      await seen(bobs.getByText("Sending…"));
      await look(bob, "offline");
      await say(alice, "You mean you can't take less.");
      await say(alice, HOSTILE);
      await bob.context.setOffline(false);
      await seen(bob.page.getByRole("status").filter({ hasText: "Online" }));
      const said = [
        "Take some more tea.",
        "I have had nothing yet.",
        "You mean you can't take less.",
        HOSTILE,
        "So I can't take more.",
      ];
      await says(alice, said);
      await says(bob, said);

      // A message that is deleted is, for both.
      await alices.getByRole("button", { name: "Delete the message: You mean" }).click();
      await says(bob, said.with(2, "Deleted"));
      await look(bob, "chat");

      // Nothing that anybody wrote has become HTML.
      for (const visitor of [alice, bob]) {
        assert.equal(await visitor.page.evaluate("window.hacked"), undefined);
        assert.equal(await visitor.page.locator("#app script, #app img[src=x]").count(), 0);
        assert.deepEqual(ownComplaints(visitor), []);
      }

      // A reload keeps them signed in, and a sign-out does not.
      await alice.page.reload();
      await seen(alice.page.getByRole("heading", { name: "Feed" }));
      await alice.page.getByRole("button", { name: "Sign out" }).click();
      await seen(alice.page.getByRole("heading", { name: "Sign in" }));
      await alice.page.getByLabel("Username or email").fill("alice");
      await alice.page.getByLabel("Password").fill("wrong");
      await alice.page.getByRole("button", { name: "Sign in" }).click();
      await seen(alice.page.getByRole("alert").filter({ hasText: /\w/ }));
    },
  );

  test(
    "who opens a chat offline is told so, and has it with what was written there once online",
    PATIENCE,
    async () => {
      const [dora, emil] = [await registered(stack.http), await registered(stack.http)];
      await befriend(dora, emil);
      await emil.kith.post("/v1/messages", { body: { to: dora.me.id, clientId: "1", text: "Who are you?" } });
      const visitor = await visit();
      await signIn(visitor, dora);
      await part(visitor, "Chats");
      const entry = visitor.page.getByRole("list", { name: "Conversations" }).getByRole("button");
      await sooner(entry, () => part(visitor, "Chats"));
      await visitor.context.setOffline(true);
      await entry.click();
      await seen(visitor.page.getByText("Kith could not be reached."));
      await visitor.page.getByLabel("Message", { exact: true }).fill("I hardly know, Sir.");
      await visitor.page.getByRole("button", { name: "Send" }).click();
      await seen(log(visitor).getByText("Sending…"));
      await visitor.context.setOffline(false);
      await says(visitor, ["Who are you?", "I hardly know, Sir."]);
      assert.deepEqual(ownComplaints(visitor), []);
    },
  );

  test("chats are listed beyond the latest, as far as one asks", PATIENCE, async () => {
    const dora = await registered(stack.http);
    const conversation = (index: number) => ({
      id: `${dora.me.id}-${index}`,
      peer: { id: `${index}`, username: `user_${index}`, name: `User ${index}`, avatar: null },
      lastMessage: null,
      lastSeq: 0,
      lastRevision: 0,
      readSeq: 0,
      peerReadSeq: 0,
      unreadCount: 0,
      updatedAt: new Date(Date.UTC(2026, 4, 4) - index * 1000).toISOString(),
    });
    const visitor = await visit();
    // Thirty on the first page, and ten on the second one; the chat itself knows of three.
    await visitor.page.route(/\/v1\/conversations\b/, (route) => {
      const query = new URL(route.request().url()).searchParams;
      const [from, to] = query.get("limit") !== "50" ? [0, 3] : query.has("cursor") ? [30, 40] : [0, 30];
      const items = Array.from({ length: to - from }, (_, index) => conversation(from + index));
      const nextCursor = query.get("limit") === "50" && to === 30 ? "30" : null;
      return route.fulfill({ json: { items, nextCursor }, headers: { "Access-Control-Allow-Origin": "*" } });
    });
    await signIn(visitor, dora);
    await part(visitor, "Chats");
    const entries = visitor.page.getByRole("list", { name: "Conversations" }).getByRole("button");
    await seen(entries.nth(22));
    await visitor.page.getByRole("button", { name: "Older chats" }).click();
    await seen(entries.nth(39));
    await gone(visitor.page.getByRole("button", { name: "Older chats" }));
    assert.deepEqual(visitor.complaints, []);
  });

  test("all of it can be used with a keyboard, on a narrow screen, in the dark", PATIENCE, async () => {
    const carol = await visit({ viewport: { width: 360, height: 740 }, colorScheme: "dark", reducedMotion: "reduce" });
    const { page } = carol;
    await register(carol, "carol", "Carol");
    await page.keyboard.press("Tab");
    await page.getByLabel("What is on your mind?").focus();
    await page.keyboard.type("Down, down, down.");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await seen(page.getByRole("article").getByText("Down, down, down."));
    await look(carol, "narrow-feed");
    for (const name of ["Feed", "People", "Chats", "Me"]) {
      await page.getByRole("button", { name }).first().focus();
      await page.keyboard.press("Enter");
      await seen(page.getByRole("heading", { name, level: 1 }));
      await look(carol, `narrow-${name}`);
      const overflow = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
      assert(Number(overflow) <= 0, `${name} is not wider than the screen`);
    }
    assert.deepEqual(carol.complaints, []);
  });
});

/** What the page itself complained about: that nothing can be reached without a network, the browser does. */
function ownComplaints({ complaints }: Visitor): string[] {
  return complaints.filter((text) => !text.includes("ERR_INTERNET_DISCONNECTED"));
}

/** Waits until somebody is signed in and connected. */
async function isIn(page: Page): Promise<void> {
  await seen(page.getByRole("heading", { name: "Feed" }));
  await seen(page.getByRole("status").filter({ hasText: "Online" }));
}

async function part({ page }: Visitor, name: string): Promise<void> {
  const parts = page.getByRole("navigation", { name: "Parts" });
  await parts.getByRole("button", { name }).click();
  await seen(page.getByRole("heading", { name, level: 1 }));
}

function log({ page }: Visitor): Locator {
  return page.getByRole("log", { name: "Messages" });
}

async function say({ page }: Visitor, text: string): Promise<void> {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByRole("button", { name: "Send" }).click();
  await seen(page.getByRole("log").getByText(text));
  await gone(page.getByText("Sending…"));
}

/** Opens the conversation anew, which reads it. */
async function reopen({ page }: Visitor): Promise<void> {
  await page.getByRole("list", { name: "Conversations" }).getByRole("button").click();
}

/** Waits until a log says this, and nothing else. */
async function says(visitor: Visitor, texts: string[]): Promise<void> {
  let now: string[] = [];
  const isSo = async () => {
    now = await log(visitor).locator(".text").allTextContents();
    return JSON.stringify(now) === JSON.stringify(texts);
  };
  await actUntil(isSo, () => reopen(visitor));
  assert.deepEqual(now, texts);
}

function seen(what: Locator): Promise<void> {
  return what.first().waitFor({ state: "visible" });
}

function gone(what: Locator): Promise<void> {
  return what.first().waitFor({ state: "hidden" });
}

/** Waits for something, and does what may bring it about, now and then: a push may never come, and feeds are filled a moment later. */
async function sooner(what: Locator, act: () => Promise<void>): Promise<void> {
  await actUntil(() => what.first().isVisible(), act);
  await seen(what);
}

/** Does something, every two seconds for two minutes at most, until something is so. */
async function actUntil(isSo: () => Promise<boolean>, act: () => Promise<void>): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const next = Date.now() + 2000;
    while (Date.now() < next) {
      if (await isSo()) {
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await act();
  }
}

/** Waits until a picture is there, not only its element. */
async function isLoaded(image: Locator): Promise<void> {
  await seen(image);
  await image.first().evaluate((element) => (element as HTMLImageElement).decode());
}

/** Looks at the page: whoever cannot see it, or has no mouse, must be able to use it, too. */
async function look({ page }: Visitor, name: string): Promise<void> {
  if (SCREENSHOTS !== undefined) {
    await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
  }
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)]),
    [],
    name,
  );
}
