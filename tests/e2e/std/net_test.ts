import { getAvailablePort } from "@std/net";
import { assert, assertEquals } from "../../support/assert.ts";

Deno.test({
  name: "@std/net: getAvailablePort() gives a free port, the preferred one if it is free",
  fn() {
    const port = getAvailablePort();
    assertEquals(getAvailablePort({ preferredPort: port }), port);
    using _taken = Deno.listen({ port });
    assert(getAvailablePort({ preferredPort: port }) !== port);
  },
});
