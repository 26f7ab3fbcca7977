/** The memory of TLS with other hosts, read with the first mail that goes out, and the same for all transports that come after. */
import { TLS_MEMORY_FILE, TLS_MEMORY_SAVE } from "../base/limits.ts";
import type { KeptFile } from "../base/kept_file.ts";
import type { TlsMemory } from "../outbound/tls_memory.ts";
import type { Platform } from "./platform.ts";

export class SeenTls {
  readonly #platform: Platform;
  readonly #path: string;
  #opened: Promise<{ readonly memory: TlsMemory; readonly file: KeptFile }> | null = null;

  /** `path`: absolute; its folder is there. */
  constructor(platform: Platform, path: string) {
    this.#platform = platform;
    this.#path = path;
  }

  async open(): Promise<TlsMemory> {
    return (await (this.#opened ??= this.#open())).memory;
  }

  async close(): Promise<void> {
    await (await this.#opened)?.file.close();
  }

  async #open(): Promise<{ readonly memory: TlsMemory; readonly file: KeptFile }> {
    const { TlsMemory } = await import("../outbound/tls_memory.ts");
    const { KeptFile } = await import("../base/kept_file.ts");
    const memory = new TlsMemory(this.#platform);
    const facts = { path: this.#path, name: "tls memory", most: TLS_MEMORY_FILE, every: TLS_MEMORY_SAVE };
    const file = new KeptFile(memory, facts, this.#platform);
    await file.open();
    return { memory, file };
  }
}
