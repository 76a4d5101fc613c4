/** How the slices of a profile are told apart: discriminators and what each slice wants there -> tests (`slices.ts`). */
import { isObject } from '../fhir/resource.ts';
import { type Compiling, choiceOf, nodeFor, targetsOf } from './compile-profiles.ts';
import { unversioned } from './compile-types.ts';
import type { SnapshotElement } from './generate-snapshot.ts';
import type { ProfileNode, SliceTest } from './snapshot-types.ts';

/** The element a discriminator's path names below a slice: in the profile's own list, else in the value's profile. */
function wantedAt(compiling: Compiling, id: string, path: string, elements: readonly SnapshotElement[]) {
  const plain = path
    .replace(/(?:^|\.)(?:resolve\(\)|ofType\(\w+\)|\$this)/g, '')
    .replace(/extension\('([^']*)'\)/g, 'extension')
    .replace(/^\./, '');
  const below = plain === '' ? '' : `.${plain}`;
  const own =
    elements.find((element) => element.id === id + below || element.id === `${id}${below}[x]`) ??
    patternAbove(id, plain, elements);
  const profile = elements.find((element) => element.id === id)?.type?.[0]?.profile?.[0];
  if (profile === undefined || below === '' || (own && says(own))) return own;
  try {
    const inner = compiling.snapshots.elementsOf(unversioned(profile));
    return inner.find((element) => element.id === (inner[0]?.id ?? '') + below) ?? own;
  } catch {
    return own;
  }
}

/** A pattern on an element above the path says what is wanted below it: `code` = {coding: [...]} for `code.coding.code`. */
function patternAbove(id: string, path: string, elements: readonly SnapshotElement[]): SnapshotElement | undefined {
  const steps = path === '' ? [] : path.split('.');
  for (let length = steps.length - 1; length >= 0; length -= 1) {
    const above = [id, ...steps.slice(0, length)].join('.');
    const element = elements.find((one) => one.id === above);
    const found = element && (choiceOf(element, 'pattern') ?? choiceOf(element, 'fixed'));
    if (!found) continue;
    let value: unknown = found.value;
    for (const step of steps.slice(length)) {
      const object: unknown = Array.isArray(value) ? value[0] : value;
      value = isObject(object) ? object[step] : undefined;
    }
    if (value !== undefined) return { id: above, path: above, patternString: value };
  }
  return undefined;
}

function says(element: SnapshotElement): boolean {
  return choiceOf(element, 'fixed') !== undefined || choiceOf(element, 'pattern') !== undefined;
}

function testOf(
  compiling: Compiling,
  { type, path }: { type: string; path: string },
  wanted: SnapshotElement | undefined,
): SliceTest | null {
  if (type === 'type') {
    const targets = path.endsWith('resolve()')
      ? (wanted?.type ?? []).map((one) => targetsOf(compiling, one) ?? [])
      : null;
    return { type, path, types: targets?.flat() ?? (wanted?.type ?? []).map(({ code }) => code) };
  }
  if (type === 'profile') {
    const profiles = (wanted?.type ?? []).flatMap(({ profile, targetProfile }) => [
      ...(path.endsWith('resolve()') ? (targetProfile ?? []) : (profile ?? [])),
    ]);
    return { type, path, profiles: profiles.map(unversioned) };
  }
  if (type === 'exists') return { type, path, exists: wanted?.max !== '0' && (wanted?.min ?? 0) > 0 };
  const fixed = wanted && choiceOf(wanted, 'fixed');
  const pattern = wanted && choiceOf(wanted, 'pattern');
  if (fixed) return { type: 'value', path, fixed: fixed.value };
  if (pattern) return { type: 'value', path, pattern: pattern.value };
  const { strength, valueSet } = wanted?.binding ?? {};
  return strength === 'required' && valueSet ? { type: 'value', path, binding: unversioned(valueSet) } : null;
}

/** Gives every slice its tests, from the slicing above it. */
export function discriminate(compiling: Compiling, root: ProfileNode, elements: readonly SnapshotElement[]): void {
  for (const element of elements) {
    if (element.sliceName === undefined) continue;
    const { slice } = nodeFor(root, element.id);
    const cut = Math.max(element.id.lastIndexOf('/'), element.id.lastIndexOf(':'));
    const parents = elements.filter(({ id, slicing }) => slicing !== undefined && element.id.slice(0, cut) === id);
    const discriminators = parents[0]?.slicing?.discriminator ?? inherited(elements, element.id);
    if (!slice) continue;
    slice.by = discriminators.flatMap((one) => {
      const test = testOf(compiling, one, wantedAt(compiling, element.id, one.path, elements));
      return test ?? [];
    });
    const [profile] = element.type?.[0]?.profile ?? [];
    if (slice.by.length === 0 && element.type?.[0]?.code === 'Extension' && profile !== undefined) {
      slice.by = [{ type: 'value', path: 'url', fixed: unversioned(profile) }];
    }
  }
}

/** A slice of a slice is told apart as its outer slicing says when it has no own; extensions always by url. */
function inherited(elements: readonly SnapshotElement[], id: string): { type: string; path: string }[] {
  const plain = id.slice(0, id.lastIndexOf(':'));
  const slicing = elements.find((element) => element.id === plain)?.slicing;
  if (slicing?.discriminator) return slicing.discriminator;
  return /\.(?:modifierE|e)xtension$/.test(plain) ? [{ type: 'value', path: 'url' }] : [];
}
