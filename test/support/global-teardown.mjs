// Ends the keeper, which ends exactly the servers that it started.
import { once } from 'node:events';

export default async function teardown() {
  const keeper = globalThis.testServersKeeper;
  if (keeper === undefined || keeper.exitCode !== null) return;
  const gone = once(keeper, 'exit');
  keeper.stdin.end();
  await gone;
}
