/** The least that a check can cost: `SELECT 1` over five connections of pg, in bursts like those of the product. */
import pg from 'pg';

const [url = '', perSecond = '167', seconds = '30'] = process.argv.slice(2);
const TICK_MS = 250;
const burst = Math.max(1, Math.round((Number(perSecond) * TICK_MS) / 1_000));
const pool = new pg.Pool({ connectionString: url, max: 5 });

async function run(ms: number): Promise<number> {
  let done = 0;
  const end = performance.now() + ms;
  while (performance.now() < end) {
    const next = new Promise((resolve) => setTimeout(resolve, TICK_MS));
    await Promise.all(Array.from({ length: burst }, () => pool.query('SELECT 1')));
    done += burst;
    await next;
  }
  return done;
}

await run(5_000);
const before = process.cpuUsage();
const checks = await run(Number(seconds) * 1_000);
const { user, system } = process.cpuUsage(before);
await pool.end();
process.send?.({ checks, userUs: user, systemUs: system });
process.disconnect();
