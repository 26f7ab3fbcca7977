import { formatHistogram, Histogram } from "../../mod/status/histogram.ts";
import { assertEquals } from "../support/assert.ts";

Deno.test("Histogram counts values by their upper bounds, cumulatively", () => {
  const h = new Histogram([1, 5, 10]);
  for (const v of [0, 1, 1.1, 5, 7, 11, 1000]) h.add(v);
  assertEquals(h.cumulative(), [2, 4, 5, 7]);
  assertEquals(
    formatHistogram("x_seconds", "X.", h),
    '# HELP x_seconds X.\n# TYPE x_seconds histogram\nx_seconds_bucket{le="1"} 2\nx_seconds_bucket{le="5"} 4\n' +
      'x_seconds_bucket{le="10"} 5\nx_seconds_bucket{le="+Inf"} 7\nx_seconds_sum 1025.1\nx_seconds_count 7\n',
  );
});
