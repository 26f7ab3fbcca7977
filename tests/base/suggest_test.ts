import { suggest } from "../../mod/base/suggest.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("suggest() finds the word that was meant", () => {
  const known = ["hostname", "data", "listen", "limits", "serve", "queue", "user"];
  const cases: [string, string | null][] = [
    ["hostnme", "hostname"],
    ["Hostname", "hostname"],
    ["lisetn", "listen"],
    ["usre", "user"],
    ["sreve", "serve"],
    ["dta", "data"],
    ["dat", "data"],
    ["xyz", null],
    ["", null],
    ["hostnames-and-more", null],
  ];
  for (const [word, meant] of cases) assertEquals(suggest(word, known), meant, word);
});
