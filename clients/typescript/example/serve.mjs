// Bundles the page and serves it, from another origin than the API:
//
//   node example/serve.mjs [--port 5173] [--api http://127.0.0.1:3000]
//
// Port 0 picks a free one. It says where it is once it answers.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const HERE = path.dirname(fileURLToPath(import.meta.url));

const { values: options } = parseArgs({
  options: { port: { type: "string", default: "5173" }, api: { type: "string", default: "http://127.0.0.1:3000" } },
});

const bundle = await build({
  entryPoints: [path.join(HERE, "src/main.ts")],
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: "inline",
  write: false,
  define: { API: JSON.stringify(options.api) },
});

const files = {
  "/": ["text/html", await readFile(path.join(HERE, "index.html"))],
  "/style.css": ["text/css", await readFile(path.join(HERE, "style.css"))],
  "/app.js": ["text/javascript", bundle.outputFiles[0].contents],
};

// The page makes no HTML of what people write; should it ever, this keeps it from running.
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src * blob: data:; connect-src *";

const server = createServer((request, response) => {
  const [type, body] = files[new URL(request.url ?? "/", "http://here").pathname] ?? [];
  response.writeHead(type === undefined ? 404 : 200, {
    "Content-Type": `${type ?? "text/plain"}; charset=utf-8`,
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
  });
  response.end(body ?? "There is no such page.");
});

server.on("error", (error) => {
  console.error(error.code === "EADDRINUSE" ? `Port ${options.port} is taken: name another one with --port.` : error);
  process.exit(1);
});
server.listen(Number(options.port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
