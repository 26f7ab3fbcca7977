import { MemStore } from "./mem_store.ts";
import { settle } from "./fake_clock.ts";
import { storeContract } from "./store_contract.ts";

storeContract("MemStore", (separator) =>
  Promise.resolve({
    store: new MemStore(separator),
    settled: () => settle(1),
    end: () => Promise.resolve(),
  }));
