import fc from "fast-check";
import { utf8 } from "../../mod/base/bytes.ts";
import { INDEX_FIELDS_ASKED, INDEX_REST } from "../../mod/base/limits.ts";
import { FieldHints } from "../../mod/imap/field_hints.ts";
import { finishFields, keepFields, keepHeader, KeptHeader } from "../../mod/imap/header_facts.ts";
import { compileSearch } from "../../mod/imap/search_key.ts";
import { readFields } from "../../mod/imap/search_text.ts";
import type { SearchKey } from "../../mod/imap/types.ts";
import { Indexes } from "../../mod/index/indexes.ts";
import type { Message } from "../../mod/store/store.ts";
import { ODD_MAILS } from "../interop/odd_mails.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { IndexBench } from "../support/index_ports.ts";
import { MemFolder } from "../support/mem_folder.ts";
import { latin1 } from "./pieces.ts";

const CONTEXT = { view: [], keywords: [], now: 0, isRecent: () => false };

function compiled(...keys: readonly (readonly [field: string, text: string])[]) {
  const all = keys.map(([field, text]): SearchKey => ({ kind: "header", field, text }));
  return compileSearch({ kind: "and", keys: all }, CONTEXT);
}

function message(uid: number): Message {
  return { uid, flags: 0, size: 1, internalDate: 0 };
}

Deno.test("FieldHints.of() is of use where all texts can be looked for in what is kept", () => {
  const texts = { get: () => null, put: () => {}, fieldsHolding: () => new Map() };
  const usable = (...keys: [string, string][]) => FieldHints.of(texts, compiled(...keys), []) !== null;
  assertEquals([usable(["subject", "a"]), usable(["subject", "a"], ["x-other", "b"])], [true, true]);
  assertEquals([usable(), usable(["subject", ""]), usable(["from", '"']), usable(["date", "1"])], [
    false,
    false,
    false,
    false,
  ]);
  const five: [string, string][] = [..."abcde"].map((text) => ["to", text]);
  assertEquals([usable(...five), usable(...five.slice(1), ["cc", "b"])], [false, true]);
  assertEquals(FieldHints.of({ get: () => null, put: () => {} }, compiled(["to", "a"]), []), null);
});

Deno.test("FieldHints tells what decoding each header tells, whatever was kept of it and when", async () => {
  await using bench = await IndexBench.make();
  const pieces = [
    "a",
    "B",
    " ",
    "\u00fc",
    "=?utf-8?q?=C3=BC_a?=",
    "\r\n\t",
    "b",
    "<a@b>",
    "?=",
    '"',
    "=?x",
    "\xdf",
  ];
  const field = fc.constantFrom("subject", "from", "to", "cc", "bcc", "message-id", "in-reply-to");
  const line = fc.tuple(field, fc.array(fc.constantFrom(...pieces), { maxLength: 6 })).map(([name, value]) =>
    `${name}: ${value.join("")}\r\n`
  );
  const mail = fc.oneof(
    fc.array(line, { maxLength: 6 }).map((lines) => `${lines.join("")}\r\n`),
    fc.constantFrom(...ODD_MAILS),
  );
  const needle = fc.tuple(
    field,
    fc.constantFrom("a", "b", "ab", "u\u0308", "u", "a b", "@", "ss", "over", "?="),
  );
  const how = fc.constantFrom("kept", "fields", "nothing");
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(mail, how), { minLength: 1, maxLength: 10 }),
      fc.array(needle, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (mails, needles, written) => {
        const indexes = new Indexes(() => `${bench.dir}/${++n}.sqlite`, bench.ports());
        const index = await indexes.open("alice", new MemFolder("INBOX", 1, () => null));
        const view = mails.map((_, i) => message(i * 2 + 1));
        mails.forEach(([text, how], i) => {
          const keep = { kept: keepHeader, fields: keepFields, nothing: () => {} }[how];
          keep(index.texts, view[i] ?? message(0), latin1(text));
        });
        if (written) await bench.clock.advance(INDEX_REST);
        const search = compiled(...needles);
        const hints = FieldHints.of(index.texts, search, view);
        assert(hints);
        view.forEach((message, i) => {
          if (!hints.knows(message.uid)) hints.ask(i + 1);
          const facts = hints.of(message);
          const header = latin1(mails[i]?.[0] ?? "");
          for (const needle of search.fieldNeedles) {
            const want = readFields(header, new Set([needle.field])).has(needle);
            const has = facts?.has(needle) ?? null;
            assert(
              has === null ? mails[i]?.[1] === "nothing" : has === want,
              `${needle.field} ${needle.text}`,
            );
          }
        });
        index.close();
        await bench.clock.advance(INDEX_REST);
        await indexes.close();
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("FieldHints has unfinished fields finished", () => {
  const put: [Uint8Array, unknown][] = [];
  const raw = utf8("\0Subject: A\r\n");
  const texts = {
    get: () => null,
    put: (_m: unknown, _k: unknown, text: Uint8Array, finish: unknown) => void put.push([text, finish]),
    fieldsHolding: () => new Map([[1, raw], [2, null]]),
  };
  const view = [message(1), message(2), message(3)];
  const search = compiled(["subject", "a"], ["x-other", "a"]);
  const hints = FieldHints.of(texts, search, view);
  const [subject, other] = search.fieldNeedles;
  assert(hints && subject && other);
  hints.ask(1);
  const has = view.map((m) => [subject, other].map((needle) => hints.of(m)?.has(needle)));
  assertEquals(has, [[true, null], [false, null], [undefined, undefined]]);
  assertEquals(put[0], [raw, finishFields]);
  const finished = finishFields(raw);
  assert(finished && !new KeptHeader(finished).raw);
  assertEquals(finishFields(finished), null);
});

Deno.test("FieldHints asks about some thousand messages at a time", () => {
  const asked: [number, number][] = [];
  const texts = {
    get: () => null,
    put: () => {},
    fieldsHolding: (_: unknown, from: number, to: number) => (asked.push([from, to]), null),
  };
  const view = Array.from({ length: INDEX_FIELDS_ASKED + 5 }, (_, i) => message(i + 1));
  const hints = FieldHints.of(texts, compiled(["to", "a"]), view);
  assert(hints);
  view.forEach((m, i) => {
    if (!hints.knows(m.uid)) hints.ask(i + 1);
    assertEquals(hints.of(m), null);
  });
  assertEquals(asked, [[1, INDEX_FIELDS_ASKED], [INDEX_FIELDS_ASKED + 1, INDEX_FIELDS_ASKED + 5]]);
});
