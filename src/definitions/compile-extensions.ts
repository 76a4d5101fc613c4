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
  const on = contextsOf(definition);
  if (on) source.on = on;
  return source;
}

/** Contexts we can check: elements; one by FHIRPath or inside another extension leaves the extension unchecked. */
function contextsOf(definition: StructureDefinition): string[] | undefined {
  const contexts = definition.context ?? [];
  if (contexts.length === 0 || contexts.some(({ type }) => type !== 'element')) return undefined;
  return contexts.map(({ expression }) => expression);
}

/** An extension of ours or of a package, by its full snapshot: besides what it carries, where it may stand. */
export function compileContextExtension(
  definition: StructureDefinition,
  elements: readonly ElementDefinition[],
): ExtensionSource {
  return compileExtension({ ...definition, snapshot: { element: [...elements] } });
}
