/**
 * What asks for a closer look at an item before it leaves: its class and label, other people in it, files, and words that
 * stand around her in the record (names of her family and household, restricted addresses). An item with a hint is never
 * decided together with others. A hint is no decision, and its absence is none either: two people read every item.
 */
import type { Resource } from '../../fhir/types.ts';
import type { WordsAround } from '../../record/words-around.ts';
import type { SarItem } from '../../store/models/sar-items.ts';
import { elementsOf } from './cut.ts';
import { filesOf, fileWords } from './file-content.ts';

/** What the words of an item are held against. */
export interface Around extends WordsAround {
  /** Addresses do not leave, or only with care. */
  guardsPlaces: boolean;
}

/** In words, for the reviewer; `resource` null = beyond the reader, or gone. */
export function hintsOf(item: SarItem, resource: Resource | null, around: Around): string[] {
  return [...ofRow(item), ...(resource === null ? [] : ofContent(resource, around))];
}

function ofRow({ dataClass, label, alone, newest, type }: SarItem): string[] {
  return [
    ...(dataClass === 'third-party' ? ['Third-party information'] : []),
    ...(dataClass === 'confidential' || dataClass === 'safeguarding-flag' ? ['Safeguarding'] : []),
    ...(label === 'N' ? [] : ['Restricted']),
    ...(alone ? [] : ['About others of the family too']),
    ...(type === 'RelatedPerson' || type === 'Group' ? ['Names other people'] : []),
    ...(newest ? [] : ['Earlier version']),
  ];
}

/** Elements that hold no words of people: addresses of systems, codes and ids. */
const MACHINE = /(?:^|\.)(?:system|code|profile|reference|canonical|fullUrl)$/;

function ofContent(resource: Resource, { names, places, guardsPlaces }: Around): string[] {
  const files = filesOf(resource);
  const bytes = new Set(files.map(({ path }) => path));
  const elements = elementsOf(resource).filter(({ path }) => !bytes.has(path) && !MACHINE.test(path));
  const words = [...elements.map(({ value }) => value), fileWords(resource)].join('\n');
  const [one] = files;
  const file =
    files.length === 1 && one !== undefined ? `Holds a file: ${kindWords(one)}` : `Holds ${files.length} files`;
  return [
    ...(files.length === 0 ? [] : [file]),
    ...(elements.some(({ path }) => /(?:^|\.)attachment\.url$|(?:^|\.)valueAttachment\.url$/.test(path))
      ? ['Links to a file']
      : []),
    ...(namesSomebody(words, names) ? ['Names somebody around her'] : []),
    ...(guardsPlaces && placeIn(words, places) !== null ? ['Holds a restricted address'] : []),
  ];
}

/** `application/pdf, 12 kB`. */
export function kindWords({ type, size }: { type: string; size: number }): string {
  return `${type.slice(0, 60)}, ${sizeWords(size)}`;
}

function sizeWords(size: number): string {
  if (size < 1_000) return `${size} bytes`;
  return size < 1_000_000 ? `${Math.round(size / 1_000)} kB` : `${(size / 1_000_000).toFixed(1)} MB`;
}

/** Whether one of these names stands in a text as a word, also inside a file name, however it is written. */
export function namesSomebody(text: string, names: readonly string[]): boolean {
  if (names.length === 0) return false;
  const wanted = new Set(names);
  for (const [word] of text.matchAll(/\p{L}[\p{L}\p{M}]*/gu)) if (wanted.has(folded(word))) return true;
  return false;
}

/** The first of these addresses that stands in a text, or null: spaces, case and accents make no difference. */
export function placeIn(text: string, places: readonly string[]): string | null {
  const plain = folded(text).replace(/[\s,]+/g, '');
  return places.find((place) => plain.includes(folded(place).replace(/[\s,]+/g, ''))) ?? null;
}

function folded(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}
