import { bouncedId, reportDepth, reportId } from "../../mod/queue/report_id.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("bouncedId() undoes reportId(), reportDepth() counts how often", () => {
  assertEquals([reportId("m", 0), reportId("m", 9)], ["m-b1", "m-b10"]);
  assertEquals(bouncedId(reportId("m", 0)), "m");
  for (const id of ["m", "-b1", "x-b", "x-bb1"]) {
    assertEquals([bouncedId(id), reportDepth(id)], [null, 0], id);
  }
  assertEquals(["m-b1", "m-b1-b2", "m-b1-b2-b3"].map(reportDepth), [1, 2, 3]);
});
