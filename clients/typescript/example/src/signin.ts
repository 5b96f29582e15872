/** Registering and signing in. */
import type { Kith, Me } from "kith-client";
import { button, field, form, h } from "./dom.js";

/** Asks who it is, until somebody is signed in. */
export function signIn(kith: Kith, place: HTMLElement, signedIn: (me: Me) => void): void {
  show(false);

  function show(isNew: boolean): void {
    const login = h("input", { name: "login", required: true, autocomplete: "username", autocapitalize: "none" });
    const email = h("input", { name: "email", type: "email", required: true, autocomplete: "email" });
    const name = h("input", { name: "name", autocomplete: "name", maxLength: 64 });
    const password = h("input", { name: "password", type: "password", required: true });
    password.autocomplete = isNew ? "new-password" : "current-password";
    const title = isNew ? "Join Kith" : "Sign in";
    const fields = isNew
      ? [field("Username", login), field("Email", email), field("Name", name), field("Password", password)]
      : [field("Username or email", login), field("Password", password)];
    const card = form(
      { className: "card", label: title },
      async (values) => signedIn(await (isNew ? register(values) : enter(values))),
      h("h1", { textContent: title }),
      ...fields,
      h("button", { type: "submit", className: "primary", textContent: isNew ? "Register" : "Sign in" }),
      button(isNew ? "I have an account" : "I am new here", () => show(!isNew), "link"),
    );
    place.replaceChildren(
      h("main", { className: "welcome" }, h("p", { className: "brand", textContent: "kith" }), card),
    );
    login.focus();
  }

  function register({ login = "", email = "", name = "", password = "" }: Record<string, string>): Promise<Me> {
    return kith.register({ username: login, email, name, password });
  }

  function enter({ login = "", password = "" }: Record<string, string>): Promise<Me> {
    return kith.signIn({ login, password });
  }
}
