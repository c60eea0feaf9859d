import { join } from 'node:path';
import { programOf } from './server-process.js';

/**
 * The command line of a server of Java: a small heap, one thread for garbage, and the quick compiler only, as a
 * server of tests lives for minutes. Its files of a moment go to `folder`, so that nothing stays behind.
 */
export function java(folder: string, heapMb: number, ...rest: string[]): string[] {
  const size = `${String(heapMb)}m`;
  const quick = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData'];
  return [programOf('java'), `-Xms${size}`, `-Xmx${size}`, ...quick, `-Djava.io.tmpdir=${folder}`, ...rest];
}

/** All jars of a folder. */
export const jarsIn = (folder: string): string => join(folder, '*');
