/** What is checked of single data types wherever they stand: codes, references, identifiers, bindings. */
import { isConceptId, normalIdentifier } from '../fhir/identifiers.ts';
import { parseReference } from '../fhir/references.ts';
import type { Json, JsonObject } from '../fhir/types.ts';
import { isNhsNumber, NHS_NUMBER_SYSTEMS } from './nhs-number.ts';
import { object, objects, text } from './reading.ts';
import { isObject, type Run, report, reportChild } from './run.ts';
import type { CodeSet, Terminology } from './terminology.ts';

/** Base of our own code systems (domain.md 2.8): their codes are all ours, so an unknown one is an error. */
export const OWN_CODES = 'https://tandem.example/fhir/CodeSystem/';

/** A Coding under our own base names a system and a code of the table. */
export function checkOwnCode(run: Run, value: JsonObject, terminology: Terminology): void {
  const { system, code } = value;
  if (typeof system !== 'string' || typeof code !== 'string' || !system.startsWith(OWN_CODES)) return;
  if (terminology.inCodeSystem(system, code)) return;
  reportChild(run, 'code', 'code-invalid', 'This code is not in the code system it names. Use a code of that system.');
}

const SNOMED = 'http://snomed.info/sct';

/** Digits under SNOMED CT that cannot be a concept's id are a typing error; lists in use hold such ids, so it is told. */
export function checkConceptId(run: Run, value: JsonObject): void {
  const { system, code } = value;
  if (system !== SNOMED || typeof code !== 'string' || !/^[0-9]+$/.test(code) || isConceptId(code)) return;
  childWarning(run, 'code', 'Not a SNOMED CT concept id: its check digit or its partition does not fit.');
}

/** ODS codes are written in capitals, under one name of their system (domain.md 3.2); a write puts them right. */
function checkOds(run: Run, value: JsonObject): void {
  const { system, value: code } = value;
  if (typeof system !== 'string' || typeof code !== 'string' || !system.startsWith('https://fhir.nhs.uk/Id/ods-'))
    return;
  const normal = normalIdentifier({ system, value: code });
  if (normal.system !== system) childWarning(run, 'system', `The system's name is ${normal.system}; that is stored.`);
  if (normal.value !== code) childWarning(run, 'value', 'ODS codes are written in capitals; that is stored.');
}

function childWarning(run: Run, child: string, words: string): void {
  run.path.push(child);
  report(run, 'warning', 'value', words);
  run.path.pop();
}

/** NHS numbers must pass Modulus 11, wherever an Identifier stands. */
export function checkIdentifier(run: Run, value: JsonObject): void {
  const system = value.system;
  checkOds(run, value);
  if (typeof system !== 'string' || !NHS_NUMBER_SYSTEMS.has(system) || typeof value.value !== 'string') return;
  if (isNhsNumber(value.value)) return;
  run.path.push('value');
  const severity = run.nhsNumber === 'error' ? 'error' : 'warning';
  report(
    run,
    severity,
    'value',
    'Not a valid NHS number: ten digits without spaces whose check digit fits (Modulus 11).',
  );
  run.path.pop();
}

/** Type a literal reference points to; undefined when the text does not say. */
function targetType(run: Run, literal: string): string | undefined {
  const parsed = parseReference(literal);
  switch (parsed?.kind) {
    case undefined:
      reportChild(
        run,
        'reference',
        'value',
        'Not a reference: use Type/id with an R4 type, an absolute URL, urn:uuid or #id.',
      );
      return undefined;
    case 'local':
    case 'conditional':
      return parsed.type;
    case 'absolute':
      return parsed.type ?? undefined;
    case 'urn':
      return entryType(run, parsed.urn);
    case 'contained':
      return containedType(run, parsed.id);
  }
}

function entryType(run: Run, url: string): string | undefined {
  const resource = run.entries?.get(url);
  return resource === undefined ? undefined : text(resource, 'resourceType');
}

/** ref-1: `#id` points at a contained resource of the root; `#` alone at the container, from inside it. */
function containedType(run: Run, id: string): string | undefined {
  run.hashes?.add(`#${id}`);
  if (id === '' && run.resource !== run.root) return text(run.root, 'resourceType');
  const found = id === '' ? undefined : run.inside?.get(id);
  if (!found) reportChild(run, 'reference', 'invariant', 'ref-1: no contained resource has this id.');
  return found ? text(found, 'resourceType') : undefined;
}

/** Literal form, target type and `type` of a Reference agree with each other and with the element's definition. */
export function checkReference(run: Run, value: JsonObject, targets: ReadonlySet<string> | null): void {
  const literal = text(value, 'reference');
  const type = literal === undefined ? undefined : targetType(run, literal);
  const said = text(value, 'type');
  if (type !== undefined && said !== undefined && said !== type) {
    reportChild(run, 'type', 'value', `The reference points to ${type}: type must say the same, or be left out.`);
  }
  const named = type ?? (said !== undefined && /^[A-Za-z]+$/.test(said) ? said : undefined);
  if (targets && named !== undefined && !targets.has(named)) {
    report(run, 'error', 'value', `A reference to ${named} is not allowed here. Allowed: ${[...targets].join(', ')}.`);
  }
}

function notInSet(run: Run, binding: CodeSet): void {
  const few = binding.few.length > 0 ? ` Allowed: ${binding.few.join(', ')}.` : '';
  report(run, 'error', 'code-invalid', `The code is not in the required value set ${binding.url}.${few}`);
}

/** Extensible binding: codes are there, none is in the set. Words alone are what such a binding leaves open. */
export function checkExtensible(run: Run, value: Json, binding: CodeSet): void {
  const codings = isObject(value) ? codingsOf(value) : [];
  if (typeof value === 'string' ? binding.has(undefined, value) !== false : codings.length === 0) return;
  const outside = codings.every(({ system, code }) => {
    return typeof code !== 'string' || binding.has(typeof system === 'string' ? system : undefined, code) === false;
  });
  if (!outside) return;
  const few = binding.few.length > 0 ? ` It holds: ${binding.few.join(', ')}.` : '';
  const words = `No code of the extensible value set ${binding.url}: use one of it unless none fits.${few}`;
  report(run, 'warning', 'code-invalid', words);
}

function codingsOf(value: JsonObject): JsonObject[] {
  if (Array.isArray(value.coding)) return objects(value, 'coding').filter(({ code }) => code !== undefined);
  return value.code === undefined ? [] : [value];
}

function codingIn(coding: JsonObject, binding: CodeSet): boolean {
  const code = text(coding, 'code');
  if (code === undefined) return false;
  const system = text(coding, 'system');
  // without a system a Coding is in no value set
  return system !== undefined && binding.has(system, code) !== false;
}

/** Required binding of code, Coding, CodeableConcept, Quantity; an element with only extensions has no code to check. */
export function checkBinding(run: Run, type: string, value: Json, binding: CodeSet): void {
  if (typeof value === 'string') {
    if (binding.has(undefined, value) === false) notInSet(run, binding);
    return;
  }
  if (!isObject(value)) return;
  if (type === 'CodeableConcept') {
    const codings = objects(value, 'coding');
    const uncoded = codings.length === 0 && object(value, 'coding') === undefined;
    const nothing = uncoded && (value.text === undefined || binding.words === true);
    if (!nothing && !codings.some((coding) => codingIn(coding, binding))) notInSet(run, binding);
  } else if (type === 'Coding' && (value.code !== undefined || value.system !== undefined)) {
    if (!codingIn(value, binding)) notInSet(run, binding);
  } else if (value.code !== undefined && !codingIn(value, binding)) notInSet(run, binding);
}
