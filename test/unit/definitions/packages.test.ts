import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from '@jest/globals';
import { readPackage } from '../../../src/definitions/package-file.ts';
import { MANIFEST, type PackageEntry, packageOf, tgz } from './package-maker.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-packages-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(bytes: Buffer): string {
  const file = join(folder, 'guide.tgz');
  writeFileSync(file, bytes);
  return file;
}

const SET = { resourceType: 'ValueSet', id: 'a', url: 'http://g.example/ValueSet/a', status: 'active' };
const set: PackageEntry = { name: 'package/ValueSet-a.json', body: JSON.stringify(SET) };

test('definitions of a package, without examples and index files', () => {
  const entries = [
    MANIFEST,
    { name: 'package', body: '', kind: '5' },
    set,
    { name: 'package/.index.json', body: '{}' },
    { name: 'package/example/Patient-a.json', body: '{"resourceType":"Patient"}' },
    { name: 'package/Patient-b.json', body: '{"resourceType":"Patient"}' },
  ];
  expect(readPackage(written(tgz(entries)))).toEqual({ name: 'test.guide', version: '1.0.0', resources: [SET] });
});

test('a resource without an id gets the last part of its canonical', () => {
  const { id: _, ...rest } = SET;
  expect(readPackage(written(packageOf([rest]))).resources).toEqual([{ ...rest, id: 'a' }]);
});

test('a long name in a pax header', () => {
  const name = `package/${'x'.repeat(120)}.json`;
  const path = ` path=${name}\n`;
  const length = path.length + 3;
  const entries = [MANIFEST, { name: 'pax', body: `${length}${path}`, kind: 'x' }, { ...set, name: 'package/x.txt' }];
  expect(readPackage(written(tgz(entries))).resources).toHaveLength(1);
});

const bomb = gzipSync(Buffer.alloc(300 * 1_048_576));
const whole = tgz([MANIFEST, set]);
test.each<[string, Buffer, RegExp]>([
  ['not gzip', Buffer.from('hello'), /not a gzip file/],
  ['cut short', whole.subarray(0, whole.length - 20), /not a gzip file, or is cut short/],
  ['a bomb', bomb, /unpacks to more than 256 MB/],
  ['no tar', gzipSync(Buffer.alloc(1024, 'x')), /tar headers are not readable/],
  ['a path upwards', tgz([MANIFEST, { ...set, name: 'package/../../etc/x.json' }]), /path that leaves the package/],
  ['an absolute path', tgz([MANIFEST, { ...set, name: '/etc/x.json' }]), /path that leaves the package/],
  ['a link', tgz([MANIFEST, { name: 'package/x.json', body: '', kind: '2' }]), /links or devices/],
  ['no manifest', tgz([set]), /no package\/package.json/],
  ['no name', tgz([{ ...MANIFEST, body: '{}' }, set]), /no name or version/],
  ['broken JSON', tgz([MANIFEST, { ...set, body: '{' }]), /ValueSet-a.json is not JSON/],
  [
    'another FHIR',
    tgz([{ ...MANIFEST, body: '{"name":"a","version":"1","fhirVersions":["5.0.0"]}' }, set]),
    /FHIR 5.0.0/,
  ],
  ['nothing of use', tgz([MANIFEST]), /no definitions that can be used/],
])('refused: %s', (_, bytes, reason) => {
  expect(() => readPackage(written(bytes))).toThrow(reason);
});
