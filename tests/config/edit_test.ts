import { addAlias, addDomain, type EditResult, removeAlias, removeDomain } from "../../mod/config/edit.ts";
import { assert, assertEquals } from "../support/assert.ts";

const FILE = "/etc/roost/roost.yaml";
const TEXT = `# the head
hostname: mail.a.test # the name

# who we are
domains:
  # the first
  a.test: { subaddress: "+", aliases: { team: [you, them], one: you } } # inline
  b.test:
    # its aliases
    aliases:
      # for all
      info:
        - you@a.test # me
        - friend@c.test
  Bücher.example:
listen: { smtp: ["127.0.0.1:25"] }
`;

function text(r: EditResult): string {
  assert(r.ok, JSON.stringify(r));
  return r.value;
}

function fault(r: EditResult): string {
  assert(!r.ok);
  return r.error.join("\n");
}

/** Lines that the edit took away and put in. */
function difference(before: string, after: string): string[] {
  const [a, b] = [before.split("\n"), after.split("\n")];
  return [
    ...a.filter((l) => !b.includes(l)).map((l) => `-${l}`),
    ...b.filter((l) => !a.includes(l)).map((l) => `+${l}`),
  ];
}

Deno.test("addDomain() and removeDomain() change nothing else", () => {
  assertEquals(difference(TEXT, text(addDomain(FILE, TEXT, "new.test"))), ["+  new.test: {}"]);
  const without = text(removeDomain(FILE, TEXT, "xn--bcher-kva.example"));
  assertEquals(difference(TEXT, without), ["-  Bücher.example:"]);
  assert(fault(addDomain(FILE, TEXT, "a.test")).includes("already"));
  assert(fault(addDomain(FILE, TEXT, "xn--bcher-kva.example")).includes("already"));
  assert(fault(removeDomain(FILE, TEXT, "no.test")).includes("is not in"));
});

Deno.test("addDomain() makes the mapping where there is none", () => {
  for (
    const start of [
      "hostname: a.test\n",
      "hostname: a.test\ndomains:\n",
      "# c\nhostname: a.test # d\ndomains: {}\n",
    ]
  ) {
    const after = text(addDomain(FILE, start, "new.test"));
    assert(after.includes("new.test: {}"), after);
    assertEquals(after.includes("# c"), start.includes("# c"));
  }
});

Deno.test("addAlias() adds to lists, to single targets and to nothing", () => {
  assertEquals(difference(TEXT, text(addAlias(FILE, TEXT, "b.test", "info", ["x@d.test"]))), [
    "+        - x@d.test",
  ]);
  assert(text(addAlias(FILE, TEXT, "a.test", "TEAM", ["new"])).includes("team: [ you, them, new ]"));
  assert(text(addAlias(FILE, TEXT, "a.test", "one", ["two"])).includes("one: [ you, two ]"));
  assert(
    text(addAlias(FILE, TEXT, "b.test", "fresh", ["you@a.test"])).includes("      fresh: [ you@a.test ]"),
  );
  assert(
    text(addAlias(FILE, TEXT, "xn--bcher-kva.example", "x", ["you@a.test"])).includes("x: [ you@a.test ]"),
  );
  assert(fault(addAlias(FILE, TEXT, "a.test", "one", ["You"])).includes("already"));
  assert(fault(addAlias(FILE, TEXT, "no.test", "one", ["you"])).includes("roost domain add no.test"));
  assert(fault(addAlias(FILE, TEXT, "a.test", "one", ["not an address"])).includes("is not an address"));
});

Deno.test("removeAlias() removes one target or the whole alias", () => {
  assertEquals(difference(TEXT, text(removeAlias(FILE, TEXT, "b.test", "info", ["friend@c.test"]))), [
    "-        - friend@c.test",
  ]);
  const gone = text(removeAlias(FILE, TEXT, "a.test", "one", []));
  assert(!gone.includes("one:") && gone.includes("team:"));
  assert(!text(removeAlias(FILE, TEXT, "a.test", "team", ["you", "them"])).includes("team"));
  assert(fault(removeAlias(FILE, TEXT, "a.test", "nobody", [])).includes("no alias nobody@a.test"));
  assert(fault(removeAlias(FILE, TEXT, "a.test", "team", ["stranger"])).includes("does not go to stranger"));
});

Deno.test("edits refuse a file that is broken, and leave comments where they are", () => {
  assert(fault(addDomain(FILE, "hostnam: x\n", "a.test")).includes("roost.yaml:1:1"));
  const after = text(addAlias(FILE, text(addDomain(FILE, TEXT, "z.test")), "z.test", "x", ["you@a.test"]));
  for (const comment of TEXT.match(/#.*/g) ?? []) assert(after.includes(comment), comment);
});
