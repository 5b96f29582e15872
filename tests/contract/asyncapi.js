// Reads the AsyncAPI document with AsyncAPI's own parser, and fails if it finds anything to say of it
// but what spectral.yaml says why not to mind.

import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const NOT_MINDED = ["asyncapi-info-contact", "asyncapi-latest-version"];

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const minded = diagnostics.filter(({ code }) => !NOT_MINDED.includes(code));
for (const { code, path, message } of minded) {
  console.error(`${path.join(".")}: ${message} (${code})`);
}
if (!document || minded.length > 0) {
  process.exit(1);
}
console.log(`${document.allMessages().length} messages, ${document.allOperations().length} operations`);
