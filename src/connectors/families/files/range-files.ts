import { AppError } from '../../../common/app-error.js';
import { CAPS, type RangeAnswer, type RangeFile, type RangeQuestion } from './analysis.js';
import type { FileStore, ListedFile, StoredFile } from './stores/file-store.js';

/** Answers what a parser thread asks for, out of one store and within a budget. Each file is opened once. */
export class RangeFiles {
  private readonly opened = new Map<string, Promise<StoredFile | undefined>>();
  private readonly listed = new Map<string, Promise<readonly RangeFile[]>>();
  private reads = 0;
  private bytes = 0;

  /** @param budget bytes that may be read in all. */
  constructor(
    private readonly store: FileStore,
    private readonly budget: number,
  ) {}

  /** A file that is open already; whoever opened it closes it. */
  knowFile(path: string, file: StoredFile): void {
    const { size, version } = file;
    const read: StoredFile['read'] = (offset, length, signal) => file.read(offset, length, signal);
    this.opened.set(path, Promise.resolve({ size, version, read, close: () => Promise.resolve() }));
  }

  knowList(prefix: string, files: readonly RangeFile[]): void {
    this.listed.set(prefix, Promise.resolve(files.map(({ path, size }) => ({ path, size }))));
  }

  /** Rejects with an AppError of the store, or FILE_UNREADABLE beyond the budget. */
  async answer(question: RangeQuestion, signal: AbortSignal): Promise<RangeAnswer> {
    const { id } = question;
    if (question.ask === 'list') return { id, files: await this.list(question.prefix, signal) };
    const { path, offset, length } = question;
    this.reads += 1;
    this.bytes += length;
    if (this.reads > CAPS.rangeReads || this.bytes > this.budget)
      throw new AppError('FILE_UNREADABLE', 'More would have to be read for the facts than is allowed.');
    const file = await this.open(path, signal);
    return file ? { id, bytes: await file.read(offset, length, signal) } : { id };
  }

  private list(prefix: string, signal: AbortSignal): Promise<readonly RangeFile[]> {
    const known = this.listed.get(prefix);
    if (known) return known;
    const listing = listFiles(this.store, prefix, signal).then((files) =>
      files.map(({ path, size }) => ({ path, size })),
    );
    this.listed.set(prefix, listing);
    return listing;
  }

  /** Closes what was opened. Never rejects. */
  async close(): Promise<void> {
    const files = await Promise.allSettled(this.opened.values());
    this.opened.clear();
    for (const file of files) if (file.status === 'fulfilled') await file.value?.close();
  }

  private open(path: string, signal: AbortSignal): Promise<StoredFile | undefined> {
    const known = this.opened.get(path);
    if (known) return known;
    const opening = this.store.open(path, signal).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return undefined;
      throw error;
    });
    this.opened.set(path, opening);
    return opening;
  }
}

/** Files right below a prefix that ends with a slash; more than `CAPS.listedFiles` are refused, as the newest may be the last. */
export async function listFiles(
  store: FileStore,
  prefix: string,
  signal: AbortSignal,
): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  for await (const entry of store.list(prefix, { delimiter: '/', limit: CAPS.listedFiles, signal }))
    if (!('prefix' in entry)) files.push(entry);
  if (files.length >= CAPS.listedFiles)
    throw new AppError('FILE_UNREADABLE', 'The log of the table has more files than are listed.');
  return files;
}
