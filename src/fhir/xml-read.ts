/**
 * FHIR XML in (R4 xml.html): one resource as the JSON text it means, read along the definitions, so that an element
 * that does not exist, stands twice or out of order is refused with its place. Pure.
 */
import { isUtf8 } from 'node:buffer';
import { NumberTextMap, stringifyJson } from './json.ts';
import { refuse } from './outcome.ts';
import type { Json } from './types.ts';
import {
  atEndTag,
  type Cursor,
  closeTag,
  openTag,
  skipBetween,
  skipElement,
  startXml,
  type Tag,
  xmlFault,
} from './xml-scan.ts';
import {
  FHIR_NAMESPACE,
  type Fields,
  holdsResource,
  isAttribute,
  NUMBER_TYPES,
  nodeOf,
  XHTML_NAMESPACE,
  type XmlNode,
  type XmlProp,
  type XmlShapes,
} from './xml-shape.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const MAX_DEPTH = 64;
/** Namespaces that one place knows; FHIR needs two. */
const MAX_PREFIXES = 32;

interface Reader {
  cursor: Cursor;
  shapes: XmlShapes;
  numbers: NumberTextMap;
  /** Prefix -> namespace, as it stands at this place; `` = the default namespace. */
  scope: ReadonlyMap<string, string>;
}

/**
 * One resource in XML as JSON text; decimals keep their spelling.
 * @throws Outcome 400: not UTF-8, not well formed, a DTD, unknown or misplaced elements; each with line, column and path
 */
export function readXml(bytes: Uint8Array, shapes: XmlShapes): string {
  if (!isUtf8(bytes)) throw refuse(400, 'invalid', 'The body is not UTF-8');
  const cursor = startXml(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'), MAX_DEPTH);
  const reader: Reader = { cursor, shapes, numbers: new NumberTextMap(), scope: new Map() };
  skipBetween(cursor);
  if (cursor.at >= cursor.text.length) throw xmlFault(cursor, 'the body is empty; send a FHIR resource');
  const resource = readResource(reader, '');
  skipBetween(cursor);
  if (cursor.at < cursor.text.length) throw xmlFault(cursor, 'something follows the resource');
  return stringifyJson(resource, reader.numbers);
}

/** Opens an element of FHIR: its tag, local name, and a reader that knows the namespaces it declares. */
function enter(reader: Reader, path: string): { tag: Tag; name: string; inner: Reader; namespace: string } {
  const tag = openTag(reader.cursor);
  let scope = reader.scope;
  const declared = [...tag.attributes].filter(([name]) => name === 'xmlns' || name.startsWith('xmlns:'));
  if (declared.length > 0) {
    scope = new Map([...scope, ...declared.map(([name, value]): [string, string] => [name.slice(6), value])]);
    // Each element that declares one copies the scope: without a bound 245 kB of declarations took 13 s.
    if (scope.size > MAX_PREFIXES)
      throw xmlFault(reader.cursor, `more than ${MAX_PREFIXES} namespaces`, path, tag.from);
  }
  const colon = tag.name.indexOf(':');
  const namespace = scope.get(colon === -1 ? '' : tag.name.slice(0, colon)) ?? '';
  const name = tag.name.slice(colon + 1);
  if (namespace !== FHIR_NAMESPACE && namespace !== XHTML_NAMESPACE) {
    throw xmlFault(reader.cursor, `${name} is not in the namespace ${FHIR_NAMESPACE}`, path || undefined, tag.from);
  }
  return { tag, name, inner: { ...reader, scope }, namespace };
}

function readResource(reader: Reader, path: string): Fields {
  const { tag, name, inner, namespace } = enter(reader, path);
  const node = namespace === FHIR_NAMESPACE ? reader.shapes.node(name) : null;
  if (node === null || !node.resource) {
    throw xmlFault(reader.cursor, `${name.slice(0, 64)} is not a resource type of R4`, path || undefined, tag.from);
  }
  const resource: Fields = { resourceType: name };
  attributes(inner, node, tag, resource, path || name);
  content(inner, node, tag, resource, path || name);
  return resource;
}

/** Attributes that are elements in JSON; `value` belongs to primitives and is read there. */
function attributes(reader: Reader, node: XmlNode, tag: Tag, into: Fields, path: string): void {
  for (const [name, value] of tag.attributes) {
    if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
    const colon = name.indexOf(':');
    if (colon !== -1 && reader.scope.get(name.slice(0, colon)) === XSI) continue;
    if (node.props.has(name) && isAttribute(node, name)) into[name] = value;
    else throw xmlFault(reader.cursor, `the attribute ${name.slice(0, 64)} does not belong here`, path, tag.from);
  }
}

const ORDERS = new WeakMap<XmlNode, Map<string, number>>();

function orderOf(node: XmlNode): Map<string, number> {
  let order = ORDERS.get(node);
  if (order === undefined) {
    order = new Map([...node.props.keys()].map((key, place) => [key, place]));
    ORDERS.set(node, order);
  }
  return order;
}

/** Child elements up to the end tag, in the order of the definition. */
function content(reader: Reader, node: XmlNode, tag: Tag, into: Fields, path: string): void {
  if (tag.closed) return;
  const { cursor } = reader;
  const order = orderOf(node);
  let last = { place: -1, name: '' };
  for (;;) {
    skipBetween(cursor, path);
    if (atEndTag(cursor)) break;
    if (cursor.at >= cursor.text.length) throw xmlFault(cursor, `the end of ${tag.name} was expected`, path);
    const child = enter(reader, path);
    const prop = node.props.get(child.name);
    const at = `${path}.${child.name.slice(0, 64)}`;
    if (prop === undefined || prop.kind === 'shadow' || prop.kind === 'type' || isAttribute(node, child.name)) {
      throw xmlFault(cursor, `${node.path} has no element ${child.name.slice(0, 64)}`, path, child.tag.from);
    }
    if ((child.namespace === XHTML_NAMESPACE) !== (prop.kind === 'xhtml')) {
      throw xmlFault(cursor, `${child.name} is in the wrong namespace`, at, child.tag.from);
    }
    const place = order.get(child.name) ?? 0;
    if (place < last.place) {
      throw xmlFault(
        cursor,
        `${child.name} stands after ${last.name}; XML keeps the order of the definition`,
        at,
        child.tag.from,
      );
    }
    if (place === last.place && !prop.list) throw xmlFault(cursor, `${child.name} does not repeat`, at, child.tag.from);
    last = { place, name: child.name };
    readChild(child.inner, prop, child.tag, { into, path: at });
  }
  closeTag(cursor, tag.name);
  padShadows(into);
}

interface Holder {
  into: Fields;
  path: string;
}

function readChild(reader: Reader, prop: XmlProp, tag: Tag, { into, path }: Holder): void {
  const { cursor, shapes } = reader;
  if (prop.kind === 'primitive') {
    readPrimitive(reader, prop, tag, { into, path });
    return;
  }
  let value: Json;
  if (prop.kind === 'xhtml') {
    if (tag.name !== 'div') throw xmlFault(cursor, 'the narrative is a div without a prefix', path, tag.from);
    skipElement(cursor, tag);
    value = withNamespace(cursor.text.slice(tag.from, cursor.at), tag);
  } else if (holdsResource(shapes, prop)) {
    noAttributes(reader, tag, path);
    skipBetween(cursor, path);
    if (tag.closed || atEndTag(cursor)) throw xmlFault(cursor, 'a resource was expected inside', path);
    value = readResource(reader, path);
    skipBetween(cursor, path);
    closeTag(cursor, tag.name);
  } else {
    const node = nodeOf(shapes, prop);
    const fields: Fields = {};
    attributes(reader, node, tag, fields, path);
    content(reader, node, tag, fields, path);
    value = fields;
  }
  put(into, prop, value);
}

function noAttributes(reader: Reader, tag: Tag, path: string): void {
  for (const name of tag.attributes.keys())
    if (name !== 'xmlns' && !name.startsWith('xmlns:'))
      throw xmlFault(reader.cursor, `the attribute ${name.slice(0, 64)} does not belong here`, path, tag.from);
}

/** The div names its own namespace in JSON, also where XML inherits it. */
function withNamespace(div: string, tag: Tag): string {
  return tag.attributes.has('xmlns') ? div : div.replace('<div', `<div xmlns="${XHTML_NAMESPACE}"`);
}

function put(into: Fields, prop: XmlProp, value: Json): void {
  if (!prop.list) {
    into[prop.key] = value;
    return;
  }
  const list = into[prop.key];
  if (Array.isArray(list)) list.push(value);
  else into[prop.key] = [value];
}

/** `value` as the JSON primitive of its type; id and extensions go to the `_name` twin. */
function readPrimitive(reader: Reader, prop: XmlProp, tag: Tag, { into, path }: Holder): void {
  const { cursor, shapes, numbers } = reader;
  const text = tag.attributes.get('value');
  tag.attributes.delete('value');
  const node = shapes.node('Element');
  if (node === null) throw new Error('no definition of Element');
  const twin: Fields = {};
  attributes(reader, node, tag, twin, path);
  content(reader, node, tag, twin, path);
  const hasTwin = Object.keys(twin).length > 0;
  if (text === undefined && !hasTwin)
    throw xmlFault(cursor, 'an element has neither a value nor extensions', path, tag.from);
  const value = text === undefined ? null : primitive(cursor, prop, text, path, tag.from);
  if (!prop.list) {
    if (value !== null) into[prop.key] = value;
    if (typeof value === 'number' && text !== undefined) numbers.set(into, prop.key, text);
    if (hasTwin) into[`_${prop.key}`] = twin;
    return;
  }
  put(into, prop, value);
  const list = into[prop.key];
  const index = Array.isArray(list) ? list.length - 1 : 0;
  if (typeof value === 'number' && text !== undefined && Array.isArray(list)) numbers.set(list, index, text);
  if (!hasTwin) return;
  const twins = into[`_${prop.key}`];
  const filled: Json[] = Array.isArray(twins) ? twins : [];
  while (filled.length < index) filled.push(null);
  filled.push(twin);
  into[`_${prop.key}`] = filled;
}

function primitive(cursor: Cursor, { type }: XmlProp, text: string, path: string, at: number): Json {
  if (type === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw xmlFault(cursor, 'a boolean is true or false', path, at);
  }
  if (!NUMBER_TYPES.has(type)) return text;
  if (!NUMBER.test(text)) throw xmlFault(cursor, `not a number as ${type} writes it`, path, at);
  return Number(text);
}

/** The two lists of a repeating primitive are equally long (R4 json.html#primitive). */
function padShadows(into: Fields): void {
  for (const [key, twins] of Object.entries(into)) {
    if (!key.startsWith('_') || !Array.isArray(twins)) continue;
    const values = into[key.slice(1)];
    if (!Array.isArray(values)) continue;
    while (twins.length < values.length) twins.push(null);
    if (values.every((value) => value === null)) delete into[key.slice(1)];
  }
}
