/** Debian's Chromium without a screen, driven by playwright-core; axe looks at its pages. */
import { type BrowserContext, chromium, type Page } from "playwright-core";
import axe from "axe-core";

const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** One browser, with what it complained about. `await using` ends it. */
export class TestBrowser implements AsyncDisposable {
  readonly complaints: string[] = [];
  readonly #context: BrowserContext;
  readonly #dir: string;

  private constructor(context: BrowserContext, dir: string) {
    this.#context = context;
    this.#dir = dir;
  }

  /** Starts it with an empty profile of its own. */
  static async start(
    options: { readonly dark?: boolean; readonly width?: number; readonly scripts?: boolean } = {},
  ): Promise<TestBrowser> {
    const dir = await Deno.makeTempDir({ prefix: "roost-browser-" });
    const context = await chromium.launchPersistentContext(dir, {
      executablePath: "/usr/bin/chromium",
      args: FLAGS,
      colorScheme: options.dark ? "dark" : "light",
      viewport: { width: options.width ?? 1100, height: 900 },
      javaScriptEnabled: options.scripts ?? true,
    });
    return new TestBrowser(context, dir);
  }

  /** A page whose errors, refused contents and failed requests are noted. */
  async page(): Promise<Page> {
    const page = await this.#context.newPage();
    page.on("console", (m) => {
      if (m.type() === "error" || m.type() === "warning") this.complaints.push(`${page.url()}: ${m.text()}`);
    });
    page.on("pageerror", (e) => this.complaints.push(`${page.url()}: ${e.message}`));
    page.on("request", (r) => {
      const to = new URL(r.url());
      if (to.protocol !== "data:" && to.hostname !== "127.0.0.1") this.complaints.push(`asked ${r.url()}`);
    });
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
    await Deno.remove(this.#dir, { recursive: true });
  }
}

/** What axe finds serious or worse, a line each. The page must allow scripts of the browser's own. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(
    `axe.run(document).then((r) => r.violations.filter((v) => v.impact === "serious" || v.impact === "critical")
      .map((v) => v.id + ": " + v.nodes.map((n) => n.html.slice(0, 120) + " " + n.any.map((a) => a.message).join()).join(" | ")))`,
  );
  return found as readonly string[];
}
