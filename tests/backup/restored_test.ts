import { bareId, restoredFolder } from "../../mod/backup/restored.ts";
import { checksum, type FileEntry } from "../../mod/backup/manifest.ts";
import { MaildirSource } from "../../mod/transfer/maildir_source.ts";
import { Tally } from "../../mod/transfer/tally.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { MemFs } from "../support/mem_fs.ts";

const FILES = {
  "/s/box/cur/1.a": "Message-ID: <one@x>\r\n\r\none",
  "/s/box/cur/2.b": "message-id:\r\n <two@x> \r\n\r\ntwo",
  "/s/box/cur/3.c": "no header",
};

async function restored(messageId: string | null, spoiled: string | null = null) {
  const fs = new MemFs({ files: FILES });
  const files = new Map<string, FileEntry>();
  for (const [path, text] of Object.entries(FILES)) {
    const below = path.slice("/s/".length);
    const sha256 = below === spoiled ? "00" : await checksum(fs, path, text.length);
    files.set(below, { path: below, size: text.length, time: 0, sha256 });
  }
  const tally = new Tally();
  const source = await MaildirSource.open(fs, "/s/box", ".", tally);
  assert(source);
  const texts: string[] = [];
  for await (const folder of source.folders()) {
    for await (
      const message of restoredFolder(fs, folder, { messageId, files, dir: "/s" }, tally).messages()
    ) {
      const octets = await message.read();
      if (octets.kind !== "octets") continue;
      let text = "";
      for await (const chunk of octets.chunks) text += new TextDecoder().decode(chunk);
      texts.push(text.slice(-3));
    }
  }
  return { texts, losses: tally.report().losses.map((l) => l.what) };
}

Deno.test("all messages, or those with an ID, are given; damaged ones are told", async () => {
  assertEquals(await restored(null), { texts: ["one", "two", "der"], losses: [] });
  assertEquals(await restored("two@x"), { texts: ["two"], losses: [] });
  assertEquals(await restored("none@x"), { texts: [], losses: [] });
  assertEquals(await restored(null, "box/cur/2.b"), { texts: ["one", "two", "der"], losses: ["cur/2.b"] });
});

Deno.test("bareId() takes the brackets off", () => {
  for (const text of ["<a@b>", " <a@b>\r\n", "a@b"]) assertEquals(bareId(text), "a@b");
});
