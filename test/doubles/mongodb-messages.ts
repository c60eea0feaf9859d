import { deserialize, serialize } from 'bson';

export type Document = Readonly<Record<string, unknown>>;

/** One message OP_MSG of MongoDB's protocol: a header, no flags, one document. */
export function messageOf(id: number, answers: number, document: Document): Buffer {
  const body = serialize(document);
  const head = Buffer.alloc(21);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(id, 4);
  head.writeInt32LE(answers, 8);
  head.writeInt32LE(2013, 12);
  return Buffer.concat([head, body]);
}

/** An error as MongoDB tells it. */
export const errorAnswer = (code: number): Document => ({
  ok: 0,
  errmsg: `the double says ${String(code)}`,
  code,
  codeName: 'Double',
});

/** The document of a message. Values stay what they are on the wire, so that they go on as they came. */
export const documentIn = (frame: Buffer): Document =>
  deserialize(frame.subarray(21), { promoteValues: false });

/** Bytes of the message that begins so. */
export const sizeOf = (head: Buffer): number => head.readInt32LE(0);
