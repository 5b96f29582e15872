/** The feed: posts, likes and comments. */
import type { Comment, Post, Visibility } from "kith-client";
import { type App, nameOf, type Part, picture } from "./app.js";
import { attempt, button, field, form, h, time } from "./dom.js";

export function feed(app: App): Part {
  const { kith } = app;
  const posts = h("div", { className: "stack", attrs: { "aria-label": "Posts", role: "feed" } });
  const more = button("Older posts", () => next(10));
  let unread = kith.list("/v1/feed");

  async function next(count: number): Promise<void> {
    const from = unread;
    for (let read = 0; read < count; read += 1) {
      const { value, done } = await from.next();
      if (from !== unread) {
        // Somebody has begun anew meanwhile.
        return;
      }
      if (done) {
        more.hidden = true;
        break;
      }
      posts.append(postCard(app, value));
    }
    posts.classList.toggle("empty", posts.childElementCount === 0);
  }

  async function refresh(): Promise<void> {
    unread = kith.list("/v1/feed");
    posts.replaceChildren();
    more.hidden = false;
    await next(10);
  }

  const text = h("textarea", { name: "text", required: true, maxLength: 5000, rows: 3 });
  const visibility = h(
    "select",
    { name: "visibility" },
    h("option", { value: "friends", textContent: "Friends" }),
    h("option", { value: "public", textContent: "Everybody" }),
    h("option", { value: "private", textContent: "Only me" }),
  );
  const composer = form(
    { className: "card composer", label: "Write a post" },
    async (values) => {
      const post = await kith.createPost({
        text: values["text"] ?? "",
        visibility: values["visibility"] as Visibility,
      });
      posts.prepend(postCard(app, post));
      posts.classList.remove("empty");
      text.value = "";
    },
    field("What is on your mind?", text),
    h(
      "div",
      { className: "row" },
      field("Who sees it", visibility),
      h("button", { type: "submit", className: "primary", textContent: "Post" }),
    ),
  );
  void attempt(refresh);
  // Without a connection there was perhaps nothing to be had.
  const unlisten = app.chat.on("synced", () => {
    if (posts.childElementCount === 0) {
      void attempt(refresh);
    }
  });
  const heading = h("div", { className: "row" }, h("h1", { textContent: "Feed" }), button("Refresh", refresh, "link"));
  const element = h("section", { className: "stack" }, heading, composer, posts, more);
  return { element, leave: unlisten };
}

function postCard(app: App, post: Post): HTMLElement {
  const { kith } = app;
  const path = { postId: post.id };
  let { liked, likeCount, commentCount } = post;

  const like = button("", async () => {
    const call = { params: { path } };
    await (liked ? kith.delete("/v1/posts/{postId}/like", call) : kith.put("/v1/posts/{postId}/like", call));
    liked = !liked;
    likeCount += liked ? 1 : -1;
    label();
  });
  const comments = h("div", { className: "comments", hidden: true });
  const unfold = button("", async () => {
    comments.hidden = !comments.hidden;
    if (!comments.hidden) {
      await readComments();
    }
    label();
  });

  function label(): void {
    like.textContent = `${liked ? "♥" : "♡"} ${likeCount}`;
    like.setAttribute("aria-pressed", String(liked));
    like.setAttribute("aria-label", `Like, ${likeCount} so far`);
    unfold.textContent = commentCount === 1 ? "1 comment" : `${commentCount} comments`;
    unfold.setAttribute("aria-expanded", String(!comments.hidden));
  }

  async function readComments(): Promise<void> {
    const list = h("ul", { className: "plain" });
    for await (const comment of kith.list("/v1/posts/{postId}/comments", { params: { path } })) {
      list.append(commentLine(comment));
    }
    const text = h("input", { name: "text", required: true, maxLength: 2000, autocomplete: "off" });
    const write = form(
      { className: "row", label: "Write a comment" },
      async (values) => {
        list.append(commentLine(await kith.createComment(post.id, values["text"] ?? "")));
        commentCount += 1;
        text.value = "";
        label();
      },
      field("Your comment", text),
      h("button", { type: "submit", textContent: "Comment" }),
    );
    comments.replaceChildren(list, write);
  }

  const remove = button(
    "Delete",
    async () => {
      await kith.delete("/v1/posts/{postId}", { params: { path } });
      card.remove();
    },
    "link",
  );
  label();
  const byline = h(
    "header",
    { className: "person" },
    picture(post.author),
    h(
      "div",
      { className: "names" },
      h("strong", { textContent: nameOf(post.author) }),
      h("span", { className: "quiet" }, time(post.createdAt), ` · ${post.visibility}`),
    ),
    post.author.id === app.me.id && remove,
  );
  const card = h(
    "article",
    { className: "card post", attrs: { "aria-label": `Post by ${nameOf(post.author)}` } },
    byline,
    h("p", { className: "text", textContent: post.text }),
    h("div", { className: "row start" }, like, unfold),
    comments,
  );
  return card;
}

function commentLine({ author, text, createdAt }: Comment): HTMLElement {
  const name = h("strong", { textContent: nameOf(author) });
  const line = h(
    "div",
    { className: "names" },
    h("span", {}, name, " ", time(createdAt)),
    h("span", { className: "text", textContent: text }),
  );
  return h("li", { className: "person" }, picture(author), line);
}
