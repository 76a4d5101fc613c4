/** What the XML reader and writer ask of the definitions: names, order and kinds of elements (R4 xml.html). */
import type { JsonObject } from './types.ts';

export interface XmlProp {
  /** Element name, without the type of a choice: `value`. */
  name: string;
  /** JSON name, e.g. `valueQuantity`; shadows of primitives are `_birthDate`. */
  key: string;
  kind: 'primitive' | 'complex' | 'resource' | 'xhtml' | 'shadow' | 'type';
  /** FHIR type code, e.g. `decimal`. */
  type: string;
  list: boolean;
  node: XmlNode | null;
  /** Definition to walk when `node` is null. */
  definition: string;
}

/** One object level; `props` stand in the order of the definition. */
export interface XmlNode {
  path: string;
  resource: boolean;
  props: ReadonlyMap<string, XmlProp>;
}

/** Root node of a resource or complex type, or null. */
export interface XmlShapes {
  node(type: string): XmlNode | null;
}

export const FHIR_NAMESPACE = 'http://hl7.org/fhir';
export const XHTML_NAMESPACE = 'http://www.w3.org/1999/xhtml';

/** Ids of elements and urls of extensions are attributes in XML; a resource's id is an element (R4 xml.html). */
export function isAttribute(node: XmlNode, key: string): boolean {
  return (key === 'id' && !node.resource) || (key === 'url' && node.path === 'Extension');
}

/** Where the value of a complex element goes on. @throws Error when the definitions do not know the type (a bug) */
export function nodeOf(shapes: XmlShapes, prop: XmlProp): XmlNode {
  const node = prop.node ?? shapes.node(prop.definition);
  if (node === null) throw new Error(`no definition of ${prop.definition}`);
  return node;
}

/** A resource stands inside, with its own element; some definitions name the type instead of `Resource`. */
export function holdsResource(shapes: XmlShapes, prop: XmlProp): boolean {
  if (prop.kind === 'resource') return true;
  return prop.kind === 'complex' && prop.node === null && shapes.node(prop.definition)?.resource === true;
}

/** Types whose JSON value is a number; every other primitive is text, but boolean. */
export const NUMBER_TYPES: ReadonlySet<string> = new Set(['decimal', 'integer', 'positiveInt', 'unsignedInt']);

/** An object under construction. */
export type Fields = JsonObject;
