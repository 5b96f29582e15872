/** The page in a browser, as two people see it. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { deflateSync } from "node:zlib";
import { type Browser, chromium, type Page } from "playwright-core";
import { endsWithTests } from "./children.js";

const CHROMIUM = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Without a screen, and without anything that talks to elsewhere. */
const SILENT = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Debian's Chromium. */
export function startBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`There is no Chromium at ${CHROMIUM}: apt-get install chromium, or say in CHROMIUM where it is.`);
  }
  return chromium.launch({ executablePath: CHROMIUM, args: SILENT });
}

/** Serves the page, on an origin of its own, for an API. */
export async function servePage(api: string): Promise<{ url: string; stop(): void }> {
  const child = spawn(process.execPath, ["example/serve.mjs", "--port", "0", "--api", api], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  endsWithTests(child);
  for await (const url of createInterface({ input: child.stdout })) {
    return { url, stop: () => child.kill() };
  }
  throw new Error("The page's server ended before it was ready.");
}

/** What a page complained about. It is to be nothing. */
export function complaints(page: Page): string[] {
  const all: string[] = [];
  page.on("pageerror", (error) => all.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") {
      all.push(message.text());
    }
  });
  return all;
}

/** A PNG of one colour. */
export function picture(red: number, green: number, blue: number, size = 96): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  // Eight bits of each of red, green and blue.
  header.set([8, 2], 8);
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(size * 3, Buffer.from([red, green, blue]))]);
  const rows = Buffer.concat(Array.from({ length: size }, () => row));
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** The checksum of PNG's chunks: CRC-32 as ISO 3309 has it. */
function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
  }
  return (crc ^ 0xffffffff) >>> 0;
}
