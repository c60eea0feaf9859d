/** Cuts what comes in over a socket into frames whose head tells how long they are. */
export class FrameBuffer {
  private chunks: Buffer[] = [];
  private length = 0;

  /**
   * @param head bytes that `sizeOf` needs.
   * @param sizeOf bytes of the whole frame, head included; throws where no frame of a bearable size begins so.
   */
  constructor(
    private readonly head: number,
    private readonly sizeOf: (head: Buffer) => number,
  ) {}

  /** The frames that are whole with this chunk. */
  *take(chunk: Buffer): Generator<Buffer> {
    this.chunks.push(chunk);
    this.length += chunk.length;
    while (this.length >= this.head) {
      const [first] = this.chunks;
      const size = this.sizeOf(first && first.length >= this.head ? first : this.joined());
      if (this.length < size) return;
      const all = this.joined();
      this.chunks = all.length > size ? [all.subarray(size)] : [];
      this.length -= size;
      yield all.subarray(0, size);
    }
  }

  private joined(): Buffer {
    const all = this.chunks.length === 1 && this.chunks[0] ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks = [all];
    return all;
  }
}
