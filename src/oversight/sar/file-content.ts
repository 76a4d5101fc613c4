/** Files that stand in a resource itself (Binary, attachments, signatures), as bytes and as words. Pure. */
import { createHash } from 'node:crypto';
import { isObject } from '../../fhir/resource.ts';
import type { Json, JsonObject, Resource } from '../../fhir/types.ts';

export interface SarFile {
  /** Of the bytes: `content[0].attachment.data`, or `data` of a Binary. */
  path: string;
  /** As the record says; nothing checks it. */
  type: string;
  title: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/** Every file that stands in a resource itself, in its order. */
export function filesOf(resource: Resource): SarFile[] {
  return [...heldFiles(resource)].map(({ path, holder, bytes }) => ({
    path,
    type: text(holder.contentType) || text(holder.sigFormat) || 'unknown',
    title: text(holder.title),
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
  }));
}

export interface Held {
  path: string;
  holder: JsonObject;
  bytes: Buffer;
}

export function* heldFiles(value: Json | undefined, path = ''): Generator<Held> {
  if (Array.isArray(value)) for (const [i, one] of value.entries()) yield* heldFiles(one, `${path}[${i}]`);
  else if (isObject(value)) {
    // SampledData also has `data`, and numbers in it (R4 datatypes.html#SampledData).
    if (typeof value.data === 'string' && value.dimensions === undefined && !isSeal(value))
      yield { path: under(path, 'data'), holder: value, bytes: Buffer.from(value.data, 'base64') };
    for (const [name, one] of Object.entries(value)) yield* heldFiles(one, under(path, name));
  }
}

/** Of a signature no more than a digest: bytes that nobody can read and that hold nothing to read. */
function isSeal({ data, who, when }: JsonObject): boolean {
  if (typeof data !== 'string' || who === undefined || when === undefined) return false;
  const bytes = Buffer.from(data, 'base64');
  return bytes.length <= 64 && bytes.toString('utf8').includes('\uFFFD');
}

function under(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

const WORDS = /^(?:text\/|application\/(?:fhir\+)?(?:json|xml)|application\/rtf|image\/svg)/i;

/** What a search for words can read of a resource's files: those of text, and any others that are plain UTF-8. */
export function fileWords(resource: Resource): string {
  return [...heldFiles(resource)]
    .flatMap(({ holder, bytes }) => {
      const words = bytes.toString('utf8');
      const isText = WORDS.test(text(holder.contentType)) || !words.includes('\uFFFD');
      return isText ? [words] : [];
    })
    .join('\n');
}

/** The ending of a file of this type. */
export function endingOf(type: string): string {
  return ENDINGS[type.split(';')[0]?.trim().toLowerCase() ?? ''] ?? 'bin';
}

/** Under what name a file leaves with a copy: nothing of its content or title stands in it. */
export function leavingName({ sha256, type }: Pick<SarFile, 'sha256' | 'type'>): string {
  return `file-${sha256.slice(0, 10)}.${endingOf(type)}`;
}

/** Endings a reviewer's computer knows; whatever could run there is saved as bytes. */
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/tiff': 'tif',
  'text/plain': 'txt',
  'audio/mpeg': 'mp3',
  'video/mp4': 'mp4',
};
