/**
 * Links to later pages that begin behind a row. In the order of the ids the id is enough. Values of sort keys are content:
 * they are sealed, so that they stand in no log, and so that nobody makes a place of her own and learns from the rows
 * behind it what a row that she may not see is sorted by.
 */
import { isObject } from '../fhir/resource.ts';
import type { Place } from '../store/walk-order.ts';
import type { Door } from './types.ts';

/** Where a later page begins: at an offset of the kept ids, or behind a place. */
export type PageLink = { token: string } & ({ offset: number } | { place: Place });

const LINK = /^([\w-]{10,40})\.(?:(\d{1,6})|after\.([A-Za-z0-9\-.]{1,64})|on\.([\w-]{40,20000}))$/;

/** A link of a page that begins behind a place. */
export function linkBehind({ seal }: Pick<Door, 'seal'>, token: string, place: Place): string {
  return place.keys.length === 0
    ? `${token}.after.${place.id}`
    : `${token}.on.${seal(JSON.stringify({ token, ...place }))}`;
}

/** What a link says; null for anything that is none of ours. */
export function readLink({ unseal }: Pick<Door, 'unseal'>, link: string): PageLink | null {
  const [, token = '', offset, id, sealed] = LINK.exec(link) ?? [];
  if (offset !== undefined) return { token, offset: Number(offset) };
  if (id !== undefined) return { token, place: { keys: [], id } };
  const text = sealed === undefined ? null : unseal(sealed);
  const said: unknown = text === null ? null : JSON.parse(text);
  if (!isObject(said) || said.token !== token || typeof said.id !== 'string' || !Array.isArray(said.keys)) return null;
  return { token, place: { keys: said.keys.map((key) => (typeof key === 'string' ? key : null)), id: said.id } };
}
