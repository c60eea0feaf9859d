import { reportFor } from './doctor-checks.js';
import { Steps } from './steps.js';

/** Prints one line for each check, with the way to mend what fails; exit code 1 if any fails. */
async function main(): Promise<void> {
  const steps = new Steps();
  let failures = 0;
  for await (const { ok, text, fix } of reportFor()) {
    if (ok) steps.passed(text);
    else {
      failures += 1;
      steps.failed(text, fix);
    }
  }
  steps.line(failures === 0 ? '\nEverything is in order.' : `\n${String(failures)} of the checks failed.`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await main();
