/**
 * Composite parameters (R4 search, "composite"): all parts must hold on one and the same element. Where the element is
 * the resource itself its ordinary index values say so; elements that may repeat keep their own values beside the row
 * (`Observation.component`: its code and its value), and the ordinary words of the parts narrow the search first.
 */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { compilePath } from './path.ts';
import type {
  Composite,
  CompositePart,
  Criterion,
  ElementValues,
  IndexValues,
  SearchParam,
  SearchValue,
} from './types.ts';
import { CHOICES, type Index } from './values.ts';

type Extract = (resource: JsonObject, out: IndexValues) => void;

export function emptyIndex(): IndexValues {
  return { tokens: [], strings: [], dates: [], numbers: [], texts: [], elements: [] };
}

/** Collects the values of the elements that composite parameters of a type pair up. */
export function elementExtracts(
  type: string,
  params: readonly SearchParam[],
  indexFor: (param: SearchParam) => Index,
): Extract[] {
  const parts = new Map<string, Map<string, CompositePart>>();
  for (const composite of params.flatMap((param) => param.composite ?? [])) {
    for (const path of composite.elements.filter((element) => element !== type)) {
      const known = parts.get(path) ?? new Map<string, CompositePart>();
      for (const part of composite.parts) known.set(part.param.code, part);
      parts.set(path, known);
    }
  }
  return [...parts].flatMap(([path, known]) => elementExtract(path, [...known.values()], indexFor) ?? []);
}

function elementExtract(path: string, parts: CompositePart[], indexFor: (param: SearchParam) => Index): Extract | null {
  const fills = parts.map(({ param, ofResource }) => ({
    fill: compilePath(param.expression, indexFor(param), CHOICES[param.type] ?? new Set()),
    ofResource: ofResource === true,
  }));
  const walk = compilePath<JsonObject[]>(
    path,
    (value, found) => {
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) found.push(value);
    },
    new Set(),
  );
  if (walk === null || fills.some(({ fill }) => fill === null)) return null;
  return (resource, out) => {
    const elements: JsonObject[] = [];
    walk(resource, elements);
    for (const element of elements) {
      const { tokens, strings, dates, numbers } = fills.reduce((values, { fill, ofResource }) => {
        fill?.(ofResource ? resource : element, values);
        return values;
      }, emptyIndex());
      // A part alone pairs with nothing.
      const held = [tokens, strings, dates, numbers].reduce((sum, list) => sum + list.length, 0);
      if (held > 1) out.elements.push({ path, tokens: [...new Set(tokens)], strings, dates, numbers });
    }
  };
}

/** One part of a searched value as a criterion on an element's own values. */
export function onElement({ param }: CompositePart, values: SearchValue[]): Criterion {
  return { param, modifier: null, values };
}

/** The same on the resource's own values, where the resource itself is the element. */
export function onRoot({ param, whole, root }: CompositePart, values: SearchValue[]): Criterion {
  return { param: { ...param, code: root ?? whole }, modifier: null, values };
}

/** The same on the resource's values, whatever their element: wider, to narrow a search by. */
export function anywhere({ param, whole, wholeParts }: CompositePart, values: SearchValue[]): Criterion {
  const parts = wholeParts === undefined ? {} : { parts: wholeParts };
  return { param: { ...param, code: whole, ...parts }, modifier: null, values };
}

/** Every part of one searched value holds on the resource itself or on one element. */
export function compositeHolds(
  composite: Composite,
  parts: readonly SearchValue[][],
  on: { resource: Resource; values: IndexValues },
  holds: (criterion: Criterion, resource: Resource, values: ElementValues | IndexValues) => boolean,
): boolean {
  const { resource, values } = on;
  const all = (make: typeof onElement, held: ElementValues | IndexValues): boolean =>
    composite.parts.every((part, at) => holds(make(part, parts[at] ?? []), resource, held));
  return composite.elements.some((path) =>
    path === resource.resourceType
      ? all(onRoot, values)
      : values.elements.some((element) => element.path === path && all(onElement, element)),
  );
}
