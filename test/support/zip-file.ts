import { deflateRawSync } from 'node:zlib';

export interface ZipInput {
  readonly name: string;
  readonly bytes: Uint8Array | string;
  /** What the directory says of it, where that is a lie. */
  readonly says?: { readonly packedBytes?: number; readonly bytes?: number; readonly offset?: number };
  readonly flags?: number;
}

/** A zip archive, as broken as it is asked for. Checksums are left out, as nobody looks at them here. */
export function zipFile(inputs: readonly ZipInput[], packed = true): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, says = {}, flags = 0 } of inputs) {
    const plain = Buffer.from(bytes as Uint8Array);
    const content = packed ? deflateRawSync(plain) : plain;
    const title = Buffer.from(name);
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(20, 0);
    facts.writeUInt16LE(flags, 2);
    facts.writeUInt16LE(packed ? 8 : 0, 4);
    facts.writeUInt32LE(says.packedBytes ?? content.length, 14);
    facts.writeUInt32LE(says.bytes ?? plain.length, 18);
    facts.writeUInt16LE(title.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(says.offset ?? offset, 10);
    parts.push(Buffer.from('PK\u0003\u0004', 'latin1'), facts, title, content);
    directory.push(Buffer.from('PK\u0001\u0002\u0014\u0000', 'latin1'), facts, place, title);
    offset += 4 + facts.length + title.length + content.length;
  }
  const entries = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\u0005\u0006', 'latin1');
  end.writeUInt16LE(inputs.length % 65_536, 8);
  end.writeUInt16LE(inputs.length % 65_536, 10);
  end.writeUInt32LE(entries.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, entries, end]);
}

const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

/** A workbook of sheets by their XML, with the parts that every one of them has. */
export function workbookParts(sheets: Readonly<Record<string, string>>): ZipInput[] {
  const names = Object.keys(sheets);
  return [
    {
      name: '_rels/.rels',
      bytes: `<Relationships><Relationship Id="r" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    },
    {
      name: 'xl/workbook.xml',
      bytes: `<workbook><sheets>${names.map((name, at) => `<sheet name="${name}" sheetId="${String(at)}" r:id="s${String(at)}"/>`).join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      bytes: `<Relationships>${names.map((_, at) => `<Relationship Id="s${String(at)}" Type="${RELATIONS}/worksheet" Target="worksheets/sheet${String(at)}.xml"/>`).join('')}</Relationships>`,
    },
    ...names.map((name, at) => ({ name: `xl/worksheets/sheet${String(at)}.xml`, bytes: sheets[name] ?? '' })),
  ];
}
