import { fromUtf8 } from "../../mod/base/bytes.ts";
import { QuotaFile } from "../../mod/maildir/quota_file.ts";
import { MaildirSource } from "../../mod/transfer/maildir_source.ts";
import { SourceFault, takeIn, type Target } from "../../mod/transfer/take_in.ts";
import { Tally } from "../../mod/transfer/tally.ts";
import type { SourceFolder } from "../../mod/transfer/types.ts";
import { allOf as allIn, opened, portsOn, ROOT, storeOn } from "../maildir/support.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { everyCrash } from "../support/every_crash.ts";
import { FakeClock } from "../support/fake_clock.ts";
import type { MemFs } from "../support/mem_fs.ts";
import { disk, folderOf } from "./support.ts";

const PARTS = ["cur", "new", "tmp"].map((p) => `${ROOT}/${p}`);
let pids = 500;

function target(fs: MemFs, most: number | null = null): Target {
  const ports = portsOn(fs, new FakeClock(), pids++);
  const limit = most === null ? null : { octets: null, messages: most };
  return { ports, root: ROOT, quota: new QuotaFile(ports, ROOT, () => limit) };
}

async function texts(fs: MemFs, name = "INBOX"): Promise<string[]> {
  const box = await opened(storeOn(fs).store, name);
  const all = (await allIn(box)).map(([, text]) => text);
  box.close();
  return all;
}

Deno.test("messages known by contents come in once, however often it is run; equal ones count each", async () => {
  const fs = disk({}, PARTS);
  const source = ["a\r\n", "b\r\n", "a\r\n", "c\r\n"];
  for (const [run, [fresh, already]] of [[4, 0], [0, 4]].entries()) {
    const tally = new Tally();
    assert(await takeIn(target(fs), folderOf("INBOX", source), tally, () => {}));
    assertEquals([tally.messages, tally.already, tally.lost], [fresh, already, 0], `run ${run}`);
  }
  assertEquals((await texts(fs)).sort(), [...source].sort());
  await takeIn(target(fs), folderOf("INBOX", [...source, "a\r\n"]), new Tally(), () => {});
  assertEquals((await texts(fs)).length, 5);
});

Deno.test("a file of the same name and other contents is another message", async () => {
  const fs = disk({
    [`${ROOT}/cur/1:2,S`]: "mine",
    "/s/cur/1:2,": "other",
    "/s/cur/2\u0007": "bell",
    "/s/cur/3,S=9": "three",
  }, PARTS);
  for (const fresh of [3, 0]) {
    const tally = new Tally();
    const source = await MaildirSource.open(fs, "/s", ".", tally);
    assert(source);
    for await (const folder of source.folders()) await takeIn(target(fs), folder, tally, () => {});
    assertEquals([tally.messages, tally.already], [fresh, 3 - fresh]);
  }
  assertEquals((await texts(fs)).sort(), ["bell", "mine", "other", "three"]);
  assert(fs.tree(`${ROOT}/cur`).includes(`${ROOT}/cur/3,S=5,W=5:2,`));
});

Deno.test("wherever the power is cut, running it again brings every message once, with UIDs kept", async () => {
  const files: Record<string, string> = { "/s/dovecot-uidlist": "3 V9 N40 Gabc\n" };
  for (const [i, uid] of [2, 5, 30].entries()) {
    files[`/s/cur/${i}.m:2,S`] = `text ${i}\n`;
    files["/s/dovecot-uidlist"] += `${uid} ${["", "Pold O7 ", "P W9 "][i]}:${i}.m\n`;
  }
  const run = async (fs: MemFs) => {
    const tally = new Tally();
    const source = await MaildirSource.open(fs, "/s", ".", tally);
    assert(source);
    for await (const folder of source.folders()) await takeIn(target(fs), folder, tally, () => {});
    return tally;
  };
  const make = () => disk(files, [...PARTS, "/mail"]);
  await everyCrash<Tally>(async (fs, acknowledge) => acknowledge(await run(fs)), async (fs, done) => {
    if (done[0]) assertEquals(done[0].messages, 3);
    const tally = await run(fs);
    assertEquals([tally.messages + tally.already, tally.lost], [3, 0]);
    const box = await opened(storeOn(fs).store);
    assertEquals(await allIn(box), [[2, "text 0\r\n"], [5, "text 1\r\n"], [30, "text 2\r\n"]]);
    assertEquals([box.uidValidity, box.uidNext], [9, 40]);
    const pop3 = [2, 5, 30].map((uid) => [box.pop3Facts?.(uid)?.id, box.pop3Facts?.(uid)?.order]);
    assertEquals(pop3, [[null, null], ["old", 7], ["2.m", null]]);
    box.close();
  }, { make, seeds: 1 });
});

Deno.test("a full account ends it; what was taken in stays", async () => {
  const fs = disk({}, PARTS);
  const tally = new Tally();
  const many = Array.from({ length: 300 }, (_, i) => `${i}\r\n`);
  assert(!await takeIn(target(fs, 200), folderOf("INBOX", many), tally, () => {}));
  assertEquals([tally.messages, tally.lost], [128, 1]);
  assert(tally.report().losses[0]?.why.includes("quota"));
  assertEquals((await fs.list(`${ROOT}/tmp`)).length, 0);
  assert(await takeIn(target(fs), folderOf("INBOX", many), new Tally(), () => {}));
  assertEquals((await texts(fs)).length, 300);
});

Deno.test("a large message goes through a file; one that breaks off costs itself alone", async () => {
  const large = "x".repeat(79).concat("\n").repeat(20_000);
  const folder = folderOf("A.B", [large, "small"]);
  const broken: SourceFolder = {
    ...folder,
    async *messages() {
      for await (const m of folder.messages()) {
        yield m;
        yield {
          ...m,
          label: "broken",
          read: () =>
            Promise.resolve({
              kind: "octets",
              time: null,
              chunks: (async function* () {
                await Promise.resolve();
                yield new Uint8Array(2_000_000);
                throw new SourceFault("breaks off");
              })(),
            }),
        };
        yield { ...m, label: "lost", read: () => Promise.resolve({ kind: "lost", why: "is lost" }) };
        yield { ...m, label: "gone", read: () => Promise.resolve({ kind: "gone" }) };
      }
    },
  };
  const fs = disk({}, PARTS);
  const tally = new Tally();
  await takeIn(target(fs), broken, tally, () => {});
  assertEquals([tally.messages, tally.lost, tally.gone], [2, 4, 2]);
  const stored = fs.tree(`${ROOT}/.A.B/cur`).map((p) => p.replace(/.*,S/, ",S"));
  assertEquals(stored.sort(), [",S=1600000,W=1620000:2,", ",S=5,W=5:2,"]);
  assertEquals((await fs.list(`${ROOT}/tmp`)).length, 0);
  const bytes = await fs.readFile(fs.tree(`${ROOT}/.A.B/cur`).find((p) => p.includes("S=16")) ?? "", 1e7);
  assertEquals(fromUtf8(bytes ?? new Uint8Array()), large);
});
