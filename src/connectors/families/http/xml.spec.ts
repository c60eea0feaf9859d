import { expect, test } from '@jest/globals';
import { elements, parseXml, textAt } from './xml.js';

test('reads the list of an object store', () => {
  const list = parseXml(
    '\uFEFF<?xml version="1.0" encoding="UTF-8"?>\n<!-- a list --><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix/><Contents><Key>a&amp;b &lt;1&gt; &#65;&#x42;</Key><ETag>&quot;e&quot;</ETag></Contents><Contents><Key><![CDATA[<raw>]]></Key></Contents><x:Odd a="1" /></ListBucketResult>\n',
  );
  expect(list.name).toBe('ListBucketResult');
  expect(elements(list, 'Contents').map((entry) => textAt(entry, 'Key'))).toEqual(['a&b <1> AB', '<raw>']);
  expect(textAt(list, 'Contents', 'ETag')).toBe('"e"');
  expect(textAt(list, 'Prefix')).toBe('');
  expect(textAt(list, 'Nothing', 'Below')).toBeUndefined();
  expect(elements(list, 'Odd')).toHaveLength(1);
});

test('knows a name that says that it is encoded', () => {
  const list = parseXml('<a><Name Encoded="true">x%01</Name><Name>y</Name></a>');
  expect(elements(list, 'Name').map(({ encoded }) => encoded)).toEqual([true, false]);
});

test.each([
  ['', 'nothing'],
  ['plain text', 'text'],
  ['<a>', 'an open end'],
  ['<a></b>', 'a wrong end'],
  ['<a/><b/>', 'two roots'],
  ['</a>', 'an end without a beginning'],
  ['<a>&unknown;</a>', 'an unknown entity'],
  ['<a>&#1114112;</a>', 'a character that is none'],
  ['<a>&constructor;</a>', 'a name of JavaScript'],
  ['<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', 'an entity of its own'],
  ['<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'a foreign document'],
  ['<a>'.repeat(40) + '</a>'.repeat(40), 'what is too deep'],
  [`<a>${'<b/>'.repeat(200_001)}</a>`, 'too many elements'],
  ['<a', 'a cut tag'],
])('refuses %#: %s', (text) => {
  expect(() => parseXml(text)).toThrow('not the XML');
});

test('takes time in proportion to what it reads', () => {
  const from = performance.now();
  for (const piece of ['<', '<!--', '<![CDATA[', '<a ', '&', '<?'])
    expect(() => parseXml(piece.repeat(200_000))).toThrow('not the XML');
  expect(performance.now() - from).toBeLessThan(10_000);
});
