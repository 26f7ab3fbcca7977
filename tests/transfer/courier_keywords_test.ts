import { courierKeywords, parseCourierList } from "../../mod/transfer/courier_keywords.ts";
import { assertEquals } from "../support/assert.ts";
import { disk } from "./support.ts";

Deno.test("parseCourierList() reads names and who has them; lines that make no sense are nothing", () => {
  const found = parseCourierList("work\nhome\n\n1.a:0\n2.b:2,S:1 0\nodd\n:1\n3.c:9 x\n");
  assertEquals([...found], [["1.a", ["work"]], ["2.b", ["home", "work"]]]);
  assertEquals(parseCourierList("").size, 0);
});

Deno.test("courierKeywords() prefers a message's own file", async () => {
  const fs = disk({
    "/m/courierimapkeywords/:list": "work\n\n1.a:0\n",
    "/m/courierimapkeywords/1.a": "home\n",
    "/m/courierimapkeywords/.3.2.b": "later\nwork\n",
  });
  assertEquals([...await courierKeywords(fs, "/m")], [["1.a", ["home"]], ["2.b", ["later", "work"]]]);
  assertEquals((await courierKeywords(fs, "/none")).size, 0);
});
