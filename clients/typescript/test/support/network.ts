/** A network between a client and the WebSocket API that can be made to fail. */
import { connect, createServer, type Server, type Socket } from "node:net";
import { WebSocket } from "ws";
import type { SocketConstructor } from "../../src/runtime.js";

/** One connection through it. */
interface Wire {
  client: Socket;
  server: Socket;
}

/** What becomes of the next bytes: they pass, are lost, or the connection breaks with them. */
type Fate = "pass" | "lose" | "cut";

export class Network {
  readonly #server: Server;
  readonly #wires = new Set<Wire>();
  /** What is said by clients, and to them. */
  fates: { up: Fate; down: Fate } = { up: "pass", down: "pass" };
  /** How many connections were cut. */
  cuts = 0;

  private constructor(target: URL) {
    this.#server = createServer((client) => this.#join(client, target));
  }

  /** One in front of this address. */
  static async before(url: string): Promise<Network> {
    const network = new Network(new URL(url));
    await new Promise<void>((resolve) => network.#server.listen(0, "127.0.0.1", resolve));
    return network;
  }

  /** A `WebSocket` that goes through it, whatever address a ticket names. */
  get WebSocket(): SocketConstructor {
    const address = this.#server.address();
    const port = typeof address === "object" && address !== null ? String(address.port) : "";
    return class extends WebSocket {
      constructor(url: string) {
        const through = new URL(url);
        through.port = port;
        super(through);
      }
    };
  }

  /** Whether anybody is connected. */
  get isInUse(): boolean {
    return this.#wires.size > 0;
  }

  /** Breaks all connections at once. */
  cut(): void {
    for (const wire of this.#wires) {
      this.#cut(wire);
    }
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(client: Socket, target: URL): void {
    const server = connect(Number(target.port), target.hostname);
    const wire = { client, server };
    this.#wires.add(wire);
    this.#pass(wire, client, server, () => this.fates.up);
    this.#pass(wire, server, client, () => this.fates.down);
  }

  #pass(wire: Wire, from: Socket, to: Socket, fate: () => Fate): void {
    from.setNoDelay();
    from.on("data", (bytes) => {
      const now = fate();
      if (now === "pass") {
        to.write(bytes);
      } else if (now === "cut") {
        // In the middle of what is said.
        to.write(bytes.subarray(0, bytes.length >> 1), () => this.#cut(wire));
      }
    });
    from.on("error", () => {});
    from.on("close", () => this.#end(wire));
  }

  #cut(wire: Wire): void {
    if (this.#wires.has(wire)) {
      this.cuts += 1;
      this.#end(wire);
    }
  }

  #end(wire: Wire): void {
    this.#wires.delete(wire);
    wire.client.destroy();
    wire.server.destroy();
  }
}
