import { writeSync } from 'node:fs';

/** Ends a run with one plain line for machines and people in a hurry: `12 passed, 0 failed`. */
export default class TotalsReporter {
  onRunComplete(_contexts, results) {
    // A suite that does not even load has no failed test; it counts as one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const tail = skipped > 0 ? `, ${skipped} skipped` : '';
    // At the exit, so that it comes after jest's own summary.
    process.once('exit', () => writeSync(2, `${results.numPassedTests} passed, ${failed} failed${tail}\n`));
  }
}
