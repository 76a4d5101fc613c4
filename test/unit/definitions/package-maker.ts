/** Makes packages as tests need them: right ones, and ones no client should send. */
import { gzipSync } from 'node:zlib';

export interface PackageEntry {
  name: string;
  body: string | Buffer;
  /** tar type flag; `0` = file. */
  kind?: string;
}

function header(name: string, size: number, kind: string): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100);
  block.write('0000644\0', 100);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('        ', 148);
  block.write(kind, 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

/** A gzipped tar of these entries. */
export function tgz(entries: readonly PackageEntry[]): Buffer {
  const blocks = entries.flatMap(({ name, body, kind = '0' }) => {
    const bytes = Buffer.from(body);
    return [header(name, bytes.length, kind), bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export const MANIFEST: PackageEntry = {
  name: 'package/package.json',
  body: JSON.stringify({ name: 'test.guide', version: '1.0.0', fhirVersions: ['4.0.1'] }),
};

/** A package of resources, each in a file of its own. */
export function packageOf(resources: readonly object[]): Buffer {
  return tgz([
    MANIFEST,
    ...resources.map((resource, at) => ({ name: `package/resource-${at}.json`, body: JSON.stringify(resource) })),
  ]);
}
