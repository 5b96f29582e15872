/** Making elements. What people wrote goes in as text, and never as HTML. */

type Child = Node | string | undefined | false;

type Properties<Tag extends keyof HTMLElementTagNameMap> = {
  [Name in keyof HTMLElementTagNameMap[Tag]]?: HTMLElementTagNameMap[Tag][Name];
};

/** An element with properties and children; `attrs` are attributes, such as those of ARIA. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties<Tag> & { attrs?: Record<string, string> } = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const { attrs, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  for (const [name, value] of Object.entries(attrs ?? {})) {
    element.setAttribute(name, value);
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

/** A button that does something, and cannot be pressed again while that is being done. */
export function button(label: string, act: () => void | Promise<void>, className = ""): HTMLButtonElement {
  const element = h("button", { type: "button", className, textContent: label });
  element.addEventListener("click", async () => {
    element.disabled = true;
    await attempt(act);
    element.disabled = false;
  });
  return element;
}

/** Does something, and says so if that fails. */
export async function attempt(act: () => void | Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    announce(explain(error));
  }
}

/** A form that does something with what was typed into it. What is wrong with that is said inside it. */
export function form(
  properties: { className?: string; label: string },
  submit: (values: Record<string, string>) => Promise<void>,
  ...children: Child[]
): HTMLFormElement {
  const problem = h("p", { className: "problem", attrs: { role: "alert" } });
  const attrs = { "aria-label": properties.label };
  const element = h("form", { className: properties.className ?? "", attrs }, ...children, problem);
  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(element)].map(([name, value]) => [name, String(value)]));
    const submitter = element.querySelector<HTMLButtonElement>("button[type=submit]");
    problem.replaceChildren();
    if (submitter !== null) {
      submitter.disabled = true;
    }
    try {
      await submit(values);
    } catch (error) {
      problem.append(explain(error));
    } finally {
      if (submitter !== null) {
        submitter.disabled = false;
      }
    }
  });
  return element;
}

/** A field with its label. */
export function field(label: string, control: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement): HTMLElement {
  return h("label", { className: "field" }, h("span", { textContent: label }), control);
}

/** What went wrong: with which values, if it is them. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { errors = [] } = error as { errors?: readonly { pointer: string; detail: string }[] };
  const each = errors.map(({ pointer, detail }) => `${pointer.charAt(1).toUpperCase()}${pointer.slice(2)} ${detail}.`);
  return each.length > 0 ? each.join(" ") : error.message;
}

/** Says something to everybody, those who listen among them. */
export function announce(text: string): void {
  const place = document.querySelector("#announcements");
  const note = h("p", { textContent: text });
  place?.append(note);
  setTimeout(() => note.remove(), 6000);
}

/** When something happened. */
export function time(at: string): HTMLTimeElement {
  const date = new Date(at);
  const isToday = date.toDateString() === new Date().toDateString();
  const format: Intl.DateTimeFormatOptions = isToday ? { timeStyle: "short" } : { dateStyle: "medium" };
  return h("time", {
    dateTime: at,
    textContent: date.toLocaleString(undefined, format),
    title: date.toLocaleString(),
  });
}

/**
 * Elements by key, made once each: what is shown again is the same element, so that neither the focus nor
 * whoever is read to loses it.
 */
export class Keyed {
  #elements = new Map<string, HTMLElement>();

  /** Shows these in a place, in this order, and forgets all others. */
  show(place: HTMLElement, items: { key: string; make: () => HTMLElement }[]): void {
    const elements = new Map(items.map(({ key, make }) => [key, this.#elements.get(key) ?? make()]));
    this.#elements = elements;
    for (const [index, element] of [...elements.values()].entries()) {
      if (place.children[index] !== element) {
        place.insertBefore(element, place.children[index] ?? null);
      }
    }
    while (place.children.length > elements.size) {
      place.lastElementChild?.remove();
    }
  }
}
