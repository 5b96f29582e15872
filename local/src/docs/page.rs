//! The AsyncAPI document as a page to read. All of it is in the page: nothing is fetched.

use serde_json::Value;

use super::sample;

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem 1.5rem 4rem; }
h2 { border-bottom: 1px solid var(--line); margin-top: 3rem; padding-bottom: .3rem; }
h3 { font: 600 1.1rem ui-monospace, monospace; margin: 2.5rem 0 .5rem; }
h3 a { color: inherit; text-decoration: none; }
nav { line-height: 2; }
nav a { margin-right: 1rem; white-space: nowrap; }
code, pre { font: .9em ui-monospace, monospace; }
pre { background: var(--soft); border-radius: .4rem; overflow-x: auto; padding: .8rem 1rem; }
table { border-collapse: collapse; margin: .8rem 0; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .8rem .3rem 0; text-align: left; vertical-align: top; }
";

/// What stands before the messages of each kind, by how their keys end.
const KINDS: [(&str, &str, &str); 4] = [
    ("Action", "You send", "Each has an `action`."),
    ("Answer", "You are answered", "On the connection that sent it. Each has a `type`."),
    ("Push", "You hear", "On each of your connections, when something happens. Each has a `type`."),
    ("Error", "The gateway says", "Without a `type`."),
];

/// The page.
pub(super) fn of(document: &Value) -> String {
    let title = escaped(text(&document["info"]["title"]));
    let mut page = vec![format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         <h1>{title}</h1>\n<p>Also as an <a href=\"/asyncapi.json\">AsyncAPI document</a>. \
         The HTTP API is described at <a href=\"/docs/\">/docs</a>.</p>\n<nav>"
    )];
    let messages: Vec<_> = document["components"]["messages"].as_object().into_iter().flatten().collect();
    for (ending, ..) in KINDS {
        for (key, message) in messages.iter().filter(|(key, _)| key.ends_with(ending)) {
            page.push(format!("<a href=\"#{key}\"><code>{}</code></a>", escaped(text(&message["name"]))));
        }
        page.push("<br>".into());
    }
    page.push("</nav>\n".into());
    page.push(prose(text(&document["info"]["description"])));
    for (ending, heading, words) in KINDS {
        page.push(format!("<h2>{heading}</h2>\n{}", prose(words)));
        for (key, message) in messages.iter().filter(|(key, _)| key.ends_with(ending)) {
            page.push(section(document, key, message));
        }
    }
    page.concat()
}

/// A message.
fn section(document: &Value, key: &str, message: &Value) -> String {
    let mut section =
        vec![format!("<h3 id=\"{key}\"><a href=\"#{key}\">{}</a></h3>\n", escaped(text(&message["name"])))];
    section.push(prose(text(&message["description"])));
    section.push(format!("<pre>{}</pre>\n", escaped(&format!("{:#}", message["examples"][0]["payload"]))));
    section.push("<table><tr><th>member<th>what it is<th>how it looks</tr>\n".into());
    let payload = &message["payload"];
    let required: Vec<_> = payload["required"].as_array().into_iter().flatten().collect();
    for (name, schema) in payload["properties"].as_object().into_iter().flatten() {
        let may_be_missing = if required.iter().any(|one| **one == **name) { "" } else { " May be missing." };
        section.push(format!(
            "<tr><td><code>{}</code><td>{}{may_be_missing}<td>{}</tr>\n",
            escaped(name),
            inline(text(&schema["description"])),
            escaped(&looks(document, schema)),
        ));
    }
    section.push("</table>\n".into());
    section.concat()
}

/// In a few words, what a value looks like.
fn looks(document: &Value, schema: &Value) -> String {
    if let Some(only) = schema.get("const").or_else(|| schema.pointer("/enum/0")) {
        return only.to_string();
    }
    if let Some(target) = sample::target(document, schema) {
        let name = text(&schema["$ref"]).rsplit('/').next().unwrap_or_default().to_owned();
        return if target["type"] == "object" {
            format!("{name}, as over HTTP")
        } else {
            looks(document, target)
        };
    }
    let limit = |name: &str| {
        schema.get(name).map(|limit| limit.as_str().map_or_else(|| limit.to_string(), str::to_owned))
    };
    let range = |least: Option<String>, most: Option<String>, what: &str| match (least, most) {
        (Some(least), Some(most)) => Some(format!("{least} to {most}{what}")),
        (Some(least), None) => Some(format!("{least} or more{what}")),
        (None, Some(most)) => Some(format!("up to {most}{what}")),
        (None, None) => None,
    };
    let length = range(limit("minLength"), limit("maxLength"), " characters");
    let size = range(limit("minimum"), limit("maximum"), "");
    [limit("type"), limit("format"), length, size].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Paragraphs of Markdown, of which there are emphasis and code.
fn prose(markdown: &str) -> String {
    markdown
        .split("\n\n")
        .fold(String::new(), |prose, paragraph| prose + "<p>" + &inline(paragraph.trim()) + "</p>\n")
}

fn inline(markdown: &str) -> String {
    let code = marked(&escaped(markdown), "`", "code");
    marked(&code, "**", "strong")
}

/// Each second mark ends what the one before it began.
fn marked(text: &str, mark: &str, tag: &str) -> String {
    text.split(mark).enumerate().fold(String::new(), |marked, (number, piece)| {
        if number % 2 == 1 { marked + &format!("<{tag}>{piece}</{tag}>") } else { marked + piece }
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_every_message_and_fetches_nothing() {
        let document = super::super::asyncapi::document();
        let page = of(&document);
        for key in document["components"]["messages"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("<h3 id=\"{key}\">")), "{key}");
        }
        for fetched in ["<script", "src=", "@import", "<link", "href=\"http"] {
            assert!(!page.contains(fetched), "{fetched}");
        }
    }

    #[test]
    fn what_is_shown_is_escaped() {
        assert_eq!(
            inline("**a** `<b>` & \"c\""),
            "<strong>a</strong> <code>&lt;b&gt;</code> &amp; &quot;c&quot;"
        );
    }
}
