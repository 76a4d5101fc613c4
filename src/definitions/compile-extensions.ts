/** Extension StructureDefinitions (R4's own and ours) -> what values they may carry. */
import { unversioned } from './compile-types.ts';
import type { ElementDefinition, ElementType, ExtensionSource, StructureDefinition } from './snapshot-types.ts';

type RawElement = ElementDefinition & {
  type?: ElementType[];
  fixedUri?: string;
  binding?: { strength: string; valueSet?: string };
};

function valueTypes(element: RawElement | undefined): string[] {
  if (!element || element.max === '0') return [];
  return [...new Set((element.type ?? []).map((type) => type.code))];
}

/**
 * Reads snapshot or differential, whichever is there. Parts of complex extensions are the slices `Extension.extension:x`
 * with their fixed url.
 */
export function compileExtension(definition: StructureDefinition): ExtensionSource {
  const elements: RawElement[] = definition.snapshot?.element ?? definition.differential?.element ?? [];
  const byId = new Map(elements.map((element) => [element.id, element]));
  const value = byId.get('Extension.value[x]') ?? byId.get('Extension.value');
  const source: ExtensionSource = { v: valueTypes(value) };
  if (value?.binding?.strength === 'required' && value.binding.valueSet) source.b = unversioned(value.binding.valueSet);
  if (byId.get('Extension')?.isModifier) source.m = 1;
  for (const element of elements) {
    const part = /^Extension\.extension:([^.]+)$/.exec(element.id)?.[1];
    if (part === undefined) continue;
    const url = byId.get(`${element.id}.url`)?.fixedUri ?? part;
    const types = valueTypes(byId.get(`${element.id}.value[x]`));
    source.p = { ...source.p, [url]: types };
  }
  return source;
}

/** An extension of ours: besides what it may carry, the elements it may stand on. */
export function compileOwnExtension(definition: StructureDefinition): ExtensionSource {
  const contexts = (definition.context ?? []).filter(({ type }) => type === 'element');
  return { ...compileExtension(definition), on: contexts.map(({ expression }) => expression) };
}
