/** FHIR XML out (R4 xml.html): a resource's JSON text as XML, elements in the order of their definition. Pure. */
import { type NumberTexts, parseJson } from './json.ts';
import { asResource, isObject } from './resource.ts';
import type { Json, JsonObject } from './types.ts';
import { xmlEntities } from './xhtml-entities.ts';
import {
  FHIR_NAMESPACE,
  holdsResource,
  isAttribute,
  nodeOf,
  XHTML_NAMESPACE,
  type XmlNode,
  type XmlProp,
  type XmlShapes,
} from './xml-shape.ts';

interface Writer {
  shapes: XmlShapes;
  numbers: NumberTexts;
  pretty: boolean;
  out: string[];
  depth: number;
}

/**
 * The XML of a resource given as JSON text; numbers keep their spelling.
 * @throws Error when the text is no R4 resource: everything that leaves was checked when it came in
 */
export function writeXml(json: string, shapes: XmlShapes, pretty = false): string {
  const { root, numbers } = parseJson(Buffer.from(json, 'utf8'));
  const writer: Writer = { shapes, numbers, pretty, out: ['<?xml version="1.0" encoding="UTF-8"?>'], depth: 0 };
  writeResource(writer, asResource(root), ` xmlns="${FHIR_NAMESPACE}"`);
  return writer.out.join('');
}

function line(writer: Writer): void {
  if (writer.pretty) writer.out.push(`\n${'  '.repeat(writer.depth)}`);
}

function writeResource(writer: Writer, value: Json, namespace = ''): void {
  const resource = asResource(value);
  const node = writer.shapes.node(resource.resourceType);
  if (node === null || !node.resource) throw new Error(`no definition of the resource ${resource.resourceType}`);
  writeElement(writer, resource.resourceType, { node, value: resource, attributes: namespace });
}

interface Element {
  node: XmlNode;
  value: JsonObject;
  attributes: string;
}

function writeElement(writer: Writer, name: string, { node, value, attributes }: Element): void {
  line(writer);
  const own = Object.keys(value).filter((key) => key !== 'resourceType' && value[key] !== undefined);
  let head = `<${name}${attributes}`;
  let children = 0;
  for (const key of own) {
    const prop = node.props.get(key);
    if (prop === undefined) throw new Error(`${node.path} has no element ${key}`);
    if (isAttribute(node, key)) head += attribute(key, value[key]);
    else children += 1;
  }
  if (children === 0) {
    writer.out.push(`${head}/>`);
    return;
  }
  writer.out.push(`${head}>`);
  writer.depth += 1;
  for (const prop of node.props.values()) writeProp(writer, node, prop, value);
  writer.depth -= 1;
  line(writer);
  writer.out.push(`</${name}>`);
}

function writeProp(writer: Writer, node: XmlNode, prop: XmlProp, holder: JsonObject): void {
  const { key, kind } = prop;
  if (kind === 'shadow' || kind === 'type' || isAttribute(node, key)) return;
  const value = holder[key];
  const twin = kind === 'primitive' ? holder[`_${key}`] : undefined;
  if (value === undefined && twin === undefined) return;
  if (!prop.list) {
    writeOne(writer, prop, { value, twin, text: numberText(writer, holder, key, value) });
    return;
  }
  const values = Array.isArray(value) ? value : [];
  const twins = Array.isArray(twin) ? twin : [];
  for (let i = 0; i < Math.max(values.length, twins.length); i += 1) {
    const text = Array.isArray(value) ? numberText(writer, value, i, value[i]) : undefined;
    writeOne(writer, prop, { value: values[i], twin: twins[i], text });
  }
}

function numberText({ numbers }: Writer, holder: object, key: string | number, value: Json | undefined) {
  if (typeof value !== 'number') return undefined;
  const kept = numbers.get(holder, key);
  return kept !== undefined && Number(kept) === value ? kept : String(value);
}

interface Written {
  value: Json | undefined;
  twin: Json | undefined;
  /** Spelling of a number. */
  text: string | undefined;
}

function writeOne(writer: Writer, prop: XmlProp, { value, twin, text }: Written): void {
  const { key, kind } = prop;
  if (kind === 'primitive') {
    const node = writer.shapes.node('Element');
    if (node === null) throw new Error('no definition of Element');
    const spelt = value === undefined || value === null ? '' : attribute('value', text ?? String(value));
    writeElement(writer, key, { node, value: isObject(twin) ? twin : {}, attributes: spelt });
  } else if (kind === 'xhtml') {
    line(writer);
    writer.out.push(narrative(String(value)));
  } else if (holdsResource(writer.shapes, prop)) {
    line(writer);
    writer.out.push(`<${key}>`);
    writer.depth += 1;
    if (value !== undefined) writeResource(writer, value);
    writer.depth -= 1;
    line(writer);
    writer.out.push(`</${key}>`);
  } else if (isObject(value)) {
    writeElement(writer, key, { node: nodeOf(writer.shapes, prop), value, attributes: '' });
  }
}

function narrative(div: string): string {
  const named = /^\s*<div[^>]*\sxmlns\s*=/.test(div) ? div : div.replace('<div', `<div xmlns="${XHTML_NAMESPACE}"`);
  return xmlEntities(named.trim());
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#xA;',
  '\r': '&#xD;',
  '\t': '&#x9;',
};

/** Blanks other than the space would be read back as spaces, so they are written as references (XML 1.0 3.3.3). */
function attribute(name: string, value: Json | undefined): string {
  const escaped = String(value)
    .replace(/[&<>"\n\r\t]/g, (character) => ESCAPES[character] ?? character)
    // XML has no way to write other characters; R4 strings have none of them.
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
  return ` ${name}="${escaped}"`;
}
