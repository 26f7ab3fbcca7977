/** The status page in Chromium: every page opened, the queue steered, with and without scripts; axe looks at each. */
import { assert, assertEquals } from "../support/assert.ts";
import { seriousFaults, TestBrowser } from "../support/browser.ts";
import { freePort } from "../support/free_ports.ts";
import { loopback } from "../support/neighbours.ts";
import { RoostProcess, runRoost } from "../support/roost_process.ts";

const PAGES = [
  "/",
  "/queue",
  "/decisions",
  "/accounts",
  "/domains",
  "/reports",
  "/setup",
  "/setup/bob%40example.test",
];

/** A server with mail that nobody takes, and a token for it. */
async function start(): Promise<{ roost: RoostProcess; url: string; token: string }> {
  const port = freePort();
  const roost = await RoostProcess.start({ config: `routes: { far.test: "smtp://${loopback()}:${port}" }` });
  const token = await roost.verb("token", "add", "browser");
  assertEquals(token.code, 0, token.err);
  await roost.verb("user", "quota", "bob@example.test", "10MB");
  for (const to of ["one@far.test", "two@far.test", "bob@example.test"]) {
    const stdin = `From: alice@example.test\nTo: ${to}\nSubject: <script>alert(1)</script>\n\nHello\n`;
    const sent = await runRoost(["sendmail", "--config", roost.config, "-f", "alice@example.test", to], {
      stdin,
    });
    assertEquals(sent.code, 0, sent.err);
  }
  await roost.logged('"event":"deferred"');
  return { roost, url: `http://127.0.0.1:${roost.ports.http}`, token: token.out.trim() };
}

Deno.test("chromium: every page in light, dark and on a phone, without a complaint", async () => {
  const { roost, url, token } = await start();
  await using _ = roost;
  for (const look of [{}, { dark: true }, { width: 390 }]) {
    await using browser = await TestBrowser.start(look);
    const page = await browser.page();
    await page.goto(`${url}/sign-in`);
    assertEquals(await seriousFaults(page), [], "/sign-in");
    await page.fill("#token", token);
    await page.click("button");
    for (const path of PAGES) {
      const answer = await page.goto(url + path);
      assertEquals(answer?.status(), 200, path);
      assertEquals(await seriousFaults(page), [], path);
      assert(
        await page.evaluate("document.documentElement.scrollWidth <= innerWidth"),
        `${path} is too wide`,
      );
      const folder = Deno.env.get("ROOST_SCREENSHOTS");
      if (folder) {
        await page.screenshot({
          path: `${folder}/${Object.keys(look)}${path.replaceAll("/", "_")}.png`,
          fullPage: true,
        });
      }
    }
    assertEquals(browser.complaints, []);
  }
});

Deno.test("chromium: the queue is steered by its form, and the page renews itself", async () => {
  const { roost, url, token } = await start();
  await using _ = roost;
  await using browser = await TestBrowser.start();
  const page = await browser.page();
  await page.goto(`${url}/queue`);
  assertEquals(await page.locator("tbody tr").count(), 2);
  assertEquals(await page.locator("input[type=checkbox]").count(), 0, "who is not signed in only looks");
  await page.goto(`${url}/sign-in`);
  await page.fill("#token", "wrong");
  await page.click("button");
  assert((await page.textContent("[role=alert]"))?.includes("not known"));
  // The browser itself tells of the 401.
  browser.complaints.length = 0;
  await page.fill("#token", token);
  await page.click("button");
  await page.goto(`${url}/queue`);
  await page.locator("input[type=checkbox]").first().check();
  await page.click("button[value=hold]");
  assertEquals((await page.textContent("[role=status]"))?.trim(), "1 held");
  assertEquals(await page.locator("tbody tr", { hasText: "held" }).count(), 1);
  const other = await browser.page();
  await other.goto(`${url}/queue`);
  const dropped = await fetch(`${url}/api/queue/drop?all=1`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
  });
  assertEquals((await dropped.json()).done, 2);
  await other.bringToFront();
  await other.getByText("Empty: everything was delivered").waitFor({ timeout: 60_000 });
  assertEquals(browser.complaints, []);
});

Deno.test("chromium: all of it works without scripts", async () => {
  const { roost, url, token } = await start();
  await using _ = roost;
  await using browser = await TestBrowser.start({ scripts: false });
  const page = await browser.page();
  await page.goto(`${url}/sign-in`);
  await page.fill("#token", token);
  await page.click("button");
  await page.click("text=Queue");
  for (const box of await page.locator("input[type=checkbox]").all()) await box.check();
  await page.click("button[value=drop]");
  assertEquals((await page.textContent("[role=status]"))?.trim(), "2 dropped");
  assert((await page.textContent("main"))?.includes("Empty"));
  await page.click("text=Decisions");
  assert((await page.textContent("main"))?.includes("dropped by hand"));
  await page.click("text=Sign out");
  await page.goto(`${url}/queue`);
  assert((await page.textContent("main"))?.includes("sign in"));
  assertEquals(browser.complaints, []);
});
