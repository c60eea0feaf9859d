import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fieldsOf } from './message-fields.js';

const NONE = new Map<string, string>();
const read = (text: string, references: ReadonlyMap<string, string> = NONE) =>
  fieldsOf({ kind: 'PROTOBUF', version: 1, text, references }) ?? [];
const names = (text: string): string[] => read(text).map(({ name, type }) => `${name} ${type}`);

describe('the fields of a .proto text', () => {
  test('are those of its first message', () => {
    expect(names('syntax = "proto3"; message A { string a = 1; } message B { string b = 1; }')).toEqual([
      'a string',
    ]);
    expect(
      names('enum E { X = 0; } service S { rpc R (A) returns (A) { option o = 1; } } message A { E e = 1; }'),
    ).toEqual(['e enum']);
  });

  test('are found by names in scope, in the package, and from the root', () => {
    const text =
      'package p.q; message A { message I { bytes x = 1; } I a = 1; A.I b = 2; p.q.A.I c = 3; .p.q.A.I d = 4; Z e = 5; }';
    expect(names(text)).toEqual(['a object', 'b object', 'c object', 'd object', 'e unknown']);
  });

  test('are found in the files that it imports, by their packages', () => {
    const references = new Map([
      ['other.proto', 'package p.r; message No { int32 no = 1; } message B { string b = 1; C c = 2; }'],
      ['third.proto', 'package p.r; enum C { X = 0; }'],
    ]);
    const text =
      'package p.q; import "other.proto"; message A { p.r.B full = 1; r.B near = 2; .p.r.C top = 3; B far = 4; .google.protobuf.Timestamp at = 5; }';
    expect(read(text, references)).toMatchObject([
      { name: 'full', type: 'object', fields: [{ name: 'b' }, { name: 'c', type: 'enum', values: ['X'] }] },
      { name: 'near', type: 'object' },
      { name: 'top', type: 'enum' },
      { name: 'far', type: 'unknown' },
      { name: 'at', type: 'timestamp_tz' },
    ]);
  });

  test('are not taken for texts or comments', () => {
    const text =
      'message A { // } string no = 1;\n /* message B { */ string a = 1 [default = "}; string b = 2;"]; int32 c = 2 [(o) = { x: 1 }]; }';
    expect(names(text)).toEqual(['a string', 'c integer']);
  });

  test('of proto2 have their labels and groups', () => {
    expect(
      read(
        'message A { required int32 a = 1; optional bool b = 2; extensions 100 to max; repeated fixed64 c = 3; }',
      ),
    ).toMatchObject([
      { name: 'a', nullable: false },
      { name: 'b', nullable: true },
      { name: 'c', type: 'array', native_type: 'repeated fixed64' },
    ]);
  });

  test('of hostile texts end soon', () => {
    for (const part of [
      '/*',
      '"',
      '\\"',
      "'\\'",
      '{',
      'message A {',
      'oneof x {',
      'map<',
      '.',
      '//',
      'enum E {',
    ])
      read(part.repeat(200_000));
    expect(read('message A { A a = 1; }')).toMatchObject([{ name: 'a', type: 'object' }]);
  });

  test('never throw', () => {
    const word = fc.constantFrom(
      'message',
      'A',
      '{',
      '}',
      ';',
      '=',
      '1',
      'oneof',
      'map',
      '<',
      '>',
      ',',
      '"',
      'enum',
      '[',
      ']',
      '.',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), (words) => Array.isArray(read(words.join(' ')))),
    );
  });
});

describe('a schema that cannot be read', () => {
  test.each([
    ['no JSON', 'AVRO', '{'],
    ['a name that is defined elsewhere', 'AVRO', '"elsewhere.Order"'],
    ['endless depth', 'AVRO', '['.repeat(100_000)],
    ['null', 'JSON', 'null'],
    ['another language', 'THRIFT', 'struct A {}'],
  ])('has no fields: %s', (_what, kind, text) => {
    expect(fieldsOf({ kind, text, version: 1, references: NONE })).toBeUndefined();
  });
});
