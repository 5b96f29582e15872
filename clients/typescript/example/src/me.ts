/** One's own profile and picture. */
import { type App, nameOf, type Part, picture } from "./app.js";
import { announce, field, form, h } from "./dom.js";

export function profile(app: App): Part {
  const { kith, me } = app;
  const face = h("div", { className: "face" }, picture(me, "medium"));
  const file = h("input", { type: "file", name: "picture", required: true, accept: "image/png,image/jpeg,image/webp" });
  const upload = form(
    { className: "stack", label: "Upload a picture" },
    async () => {
      const [chosen] = file.files ?? [];
      if (chosen !== undefined) {
        app.me = await kith.uploadAvatar(chosen, { chat: app.chat });
        face.replaceChildren(picture(app.me, "medium"));
        announce("Your picture is there.");
      }
    },
    field("A picture of you (PNG, JPEG or WebP, at most 5 MiB)", file),
    h("button", { type: "submit", textContent: "Upload" }),
  );
  const name = h("input", { name: "name", value: me.name, maxLength: 64, autocomplete: "name" });
  const bio = h("textarea", { name: "bio", value: me.bio, maxLength: 500, rows: 3 });
  const location = h("input", { name: "location", value: me.location, maxLength: 100 });
  const edit = form(
    { className: "card", label: "About you" },
    async (values) => {
      app.me = await kith.patch("/v1/me", { body: values });
      announce("Your profile is saved.");
    },
    h("h2", { textContent: "About you" }),
    field("Name", name),
    field("Bio", bio),
    field("Location", location),
    h("button", { type: "submit", className: "primary", textContent: "Save" }),
  );
  const card = h(
    "div",
    { className: "card row start" },
    face,
    h("div", {}, h("h2", { textContent: nameOf(me) }), upload),
  );
  return { element: h("section", { className: "stack" }, h("h1", { textContent: "Me" }), card, edit) };
}
