import { CAPS } from '../analysis.js';
import type { Ranges } from './ranges.js';

/** Bytes that may still be read of the log of one table. */
export class TableFolder {
  /** @param path of the folder, without a slash at its end; @param left bytes in all. */
  constructor(
    readonly ranges: Ranges,
    private readonly path: string,
    public left: number = CAPS.rangeBytes,
  ) {}

  /** A place in the folder, as the store knows it. */
  place(name: string): string {
    return this.path === '' ? name : `${this.path}/${name}`;
  }

  /** Files right in a folder of the table, by their names there, in their order. */
  async list(
    folder: string,
  ): Promise<{ readonly name: string; readonly path: string; readonly size: number }[]> {
    const prefix = this.place(`${folder}/`);
    const files = await this.ranges.list(prefix);
    return files.map(({ path, size }) => ({ name: path.slice(prefix.length), path, size }));
  }

  /** Up to `most` bytes from the beginning of a file, as text; nothing where there is no such file. */
  async head(
    file: { readonly path: string; readonly size: number },
    most: number,
  ): Promise<Uint8Array | undefined> {
    const length = Math.min(file.size, most, this.left);
    if (length <= 0) return undefined;
    this.left -= length;
    return this.ranges.read(file.path, 0, length);
  }
}
