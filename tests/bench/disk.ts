/** What the disk below it does, to hold the other figures against: file written, synced, renamed, folder synced. */
import { DirSync } from "../../mod/base/durable.ts";
import { DenoFs } from "../../mod/sys/fs.ts";
import { MemoryLog } from "../support/memory_log.ts";
import { median, type Row } from "./table.ts";

async function rate(dir: string, atOnce: number, count: number): Promise<number> {
  const fs = new DenoFs(new MemoryLog());
  const dirs = new DirSync(fs);
  const bytes = new Uint8Array(4096).fill(120);
  await fs.makeDir(`${dir}/tmp`);
  await fs.makeDir(`${dir}/new`);
  let next = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (let i = next++; i < count; i = next++) {
      await fs.createWith(`${dir}/tmp/${i}`, [bytes]);
      await fs.rename(`${dir}/tmp/${i}`, `${dir}/new/${i}`);
      await dirs.sync(`${dir}/new`);
    }
  }));
  return count / ((performance.now() - start) / 1000);
}

/**
 * Deliveries a second without any server, in folders below `dir`. They are left there: ext4 makes new files slowly for some seconds after many
 * were removed, and what is measured next would pay for it.
 */
export async function diskRows(dir: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [atOnce, count] of [[1, 800], [10, 4000], [50, 6000]] as const) {
    const rates: number[] = [];
    for (let i = 0; i < 3; i++) rates.push(await rate(`${dir}/disk-${atOnce}-${i}`, atOnce, count));
    rows.push({
      what: `the disk alone: file and folder synced, 4 KB, ${atOnce} at once`,
      value: median(rates),
      unit: "files/s",
    });
  }
  return rows;
}
