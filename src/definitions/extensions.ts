/** Extensions: known ones are checked, unknown ones warn, unknown modifiers are refused (domain.md 3.1). */
import type { JsonObject } from '../fhir/types.ts';
import { contextFault } from './extension-context.ts';
import { KNOWN_EXTENSIONS } from './known-extensions.ts';
import type { Types } from './nodes.ts';
import { choiceName, has, objects, text } from './reading.ts';
import { isObject, quoted, type Run, report } from './run.ts';
import type { Snapshot } from './snapshot.ts';
import type { ExtensionSource } from './snapshot-types.ts';
import type { Terminology } from './terminology.ts';

export interface Extensions {
  check(run: Run, value: JsonObject, modifier: boolean): void;
}

/** Allowed types as JSON names: `code` -> `valueCode`. */
function valueKeys(types: readonly string[]): string[] {
  return types.map((type) => `value${type.charAt(0).toUpperCase()}${type.slice(1)}`);
}

function checkValueType(run: Run, value: JsonObject, types: readonly string[]): void {
  const name = choiceName(value, 'value');
  if (name === undefined) return;
  if (types.length === 0) {
    report(run, 'error', 'extension', 'This extension has parts (extension), not a value.');
  } else if (!valueKeys(types).includes(name)) {
    report(run, 'error', 'extension', `This extension takes ${valueKeys(types).slice(0, 6).join(' or ')}.`);
  }
}

function checkParts(run: Run, value: JsonObject, parts: Record<string, string[]>): void {
  for (const part of objects(value, 'extension')) {
    const url = typeof part.url === 'string' ? part.url : '';
    if (/^[a-z]+:/i.test(url)) continue;
    const types = Object.hasOwn(parts, url) ? parts[url] : undefined;
    if (types === undefined) report(run, 'error', 'extension', `This extension has no part ${quoted(url)}.`);
    else checkValueType(run, part, types);
  }
}

/** Codes of the value, each with its system: `valueCode` has none, a CodeableConcept may have several. */
function codesOfValue(value: JsonObject): [system: string | undefined, code: string][] {
  const name = choiceName(value, 'value');
  const item = name === undefined ? undefined : value[name];
  if (typeof item === 'string') return [[undefined, item]];
  if (!isObject(item)) return [];
  const list = Array.isArray(item.coding) ? objects(item, 'coding') : [item];
  return list.flatMap((coding) => (typeof coding.code === 'string' ? [[text(coding, 'system'), coding.code]] : []));
}

function checkCode(run: Run, value: JsonObject, source: ExtensionSource, terminology: Terminology): void {
  const { b: valueSet, c: codes, s: system } = source;
  const found = codesOfValue(value).filter(([used]) => system === undefined || used === system);
  if (found.length === 0) return;
  const allowed = found.some(
    ([used, code]) =>
      (codes?.includes(code) ?? true) && (!valueSet || terminology.inValueSet(valueSet, used, code) !== false),
  );
  if (!allowed)
    report(run, 'error', 'code-invalid', `This extension takes a code of ${valueSet ?? (codes ?? []).join(', ')}.`);
}

/** ext-1 and the rules of the extension's own definition, when it is one we know. */
export function createExtensions(snapshot: Snapshot, terminology: Terminology, types: Types): Extensions {
  const section = snapshot.text('extensions');
  const loaded: Record<string, ExtensionSource> = section === null ? {} : JSON.parse(section);
  const known = new Map([...KNOWN_EXTENSIONS, ...Object.entries(loaded)]);
  const postedExtension = (url: string): ExtensionSource | undefined => {
    const text = snapshot.text(`extension:${url}`);
    if (text === null) return undefined;
    const source: ExtensionSource = JSON.parse(text);
    known.set(url, source);
    return source;
  };
  return {
    check: (run, value, modifier) => {
      if (has(value, 'extension') === (choiceName(value, 'value') !== undefined)) {
        report(run, 'error', 'invariant', 'ext-1: an extension has either a value or further extensions, exactly one.');
      }
      const url = value.url;
      if (typeof url !== 'string' || url === '') return;
      const source = known.get(url) ?? postedExtension(url);
      if (source) {
        if (modifier && !source.m) report(run, 'error', 'extension', 'This extension is not a modifier extension.');
        checkContext(run, types, source);
        checkValueType(run, value, source.v);
        if (source.p) checkParts(run, value, source.p);
        if (source.b !== undefined || source.c !== undefined) checkCode(run, value, source, terminology);
      } else if (modifier) {
        report(
          run,
          'error',
          'extension',
          `Unknown modifier extension ${quoted(url)}: what it changes is not understood.`,
        );
      } else if (/^[a-z][a-z0-9+.-]*:/i.test(url)) {
        report(run, 'warning', 'extension', `Unknown extension ${quoted(url)}: stored, not understood.`);
      } else if (!isPart(run)) {
        report(
          run,
          'error',
          'extension',
          'The url of an extension is absolute; only parts of an extension are relative.',
        );
      }
    },
  };
}

function checkContext(run: Run, types: Types, source: ExtensionSource): void {
  const fault = source.on === undefined ? null : contextFault(run, types, source.on);
  if (source.on === undefined || fault === null) return;
  report(run, fault, 'extension', `This extension stands only on ${source.on.slice(0, 8).join(' or ')}.`);
}

/** The walk is inside another extension: `...extension[0].extension[1]`. */
function isPart(run: Run): boolean {
  const parent = run.path.at(-3);
  const own = run.path.at(-2);
  return (own === 'extension' || own === 'modifierExtension') && isExtensionName(parent, run.path.at(-4));
}

function isExtensionName(step: string | number | undefined, before: string | number | undefined): boolean {
  const name = typeof step === 'number' ? before : step;
  return name === 'extension' || name === 'modifierExtension';
}
