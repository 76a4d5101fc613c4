/** The parameters of a terminology operation, from a query or a Parameters resource, by the names and types R4 gives them. */
import { refuse } from '../../fhir/outcome.ts';
import type { Json, JsonObject, Resource } from '../../fhir/types.ts';
import { choiceName, objects } from '../reading.ts';
import { isObject } from '../run.ts';

export type Kind = 'text' | 'boolean' | 'integer' | 'Coding' | 'CodeableConcept' | 'resource' | 'parts';

export interface ParameterSpec {
  kind: Kind;
  /** May stand more than once. */
  many?: true;
  /** Known to R4 and not offered here: refused by name. */
  refused?: true;
}

export type OperationSpec = Readonly<Record<string, ParameterSpec>>;

/** What was given, every value of the kind its parameter has. */
export interface Arguments {
  text(name: string): string | null;
  texts(name: string): string[];
  flag(name: string): boolean | null;
  whole(name: string): number | null;
  object(name: string): JsonObject | null;
  resource(name: string): Resource | null;
  /** Repetitions of a parameter that has parts. */
  parts(name: string): JsonObject[];
}

const JSON_NAMES: Readonly<Record<Exclude<Kind, 'resource' | 'parts'>, readonly string[]>> = {
  text: ['valueUri', 'valueString', 'valueCode', 'valueCanonical', 'valueUrl', 'valueId', 'valueDateTime', 'valueDate'],
  boolean: ['valueBoolean'],
  integer: ['valueInteger', 'valueUnsignedInt', 'valuePositiveInt'],
  Coding: ['valueCoding'],
  CodeableConcept: ['valueCodeableConcept'],
};

/** Of the form of the answer, not of the operation. */
const FORMAT = new Set(['_format', '_pretty']);

/**
 * @param query the text after `?`
 * @param body a Parameters resource, or null
 * @throws Outcome 400 naming the parameter that is not known, not offered, repeated or of another type
 */
export function readArguments(spec: OperationSpec, query: string, body: Resource | null): Arguments {
  const values = new Map<string, Json[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!FORMAT.has(name)) add(spec, values, name, fromText(spec[name], name, value));
  }
  if (body !== null) {
    if (body.resourceType !== 'Parameters') throw refuse(400, 'invalid', 'The body must be Parameters', 'Parameters');
    for (const part of objects(body, 'parameter')) {
      const name = typeof part.name === 'string' ? part.name : '';
      add(spec, values, name, fromPart(spec[name], name, part));
    }
  }
  return argumentsOf(values);
}

function add(spec: OperationSpec, values: Map<string, Json[]>, name: string, value: Json): void {
  const known = spec[name];
  const given = values.get(name);
  if (given === undefined) values.set(name, [value]);
  else if (known?.many === true) given.push(value);
  else throw refuse(400, 'invalid', `The parameter ${name} may be given once`, `Parameters.parameter`);
}

function known(spec: ParameterSpec | undefined, name: string): ParameterSpec {
  if (spec === undefined) throw refuse(400, 'not-supported', `There is no parameter ${name.slice(0, 64)} here`);
  if (spec.refused === true) throw refuse(400, 'not-supported', `The parameter ${name} is not supported here`);
  return spec;
}

function fromText(spec: ParameterSpec | undefined, name: string, value: string): Json {
  const { kind } = known(spec, name);
  if (kind === 'text') return value;
  if (kind === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  if (kind === 'integer' && /^-?\d{1,9}$/.test(value)) return Number(value);
  if (kind === 'boolean' || kind === 'integer') throw refuse(400, 'value', `The parameter ${name} must be ${kind}`);
  throw refuse(400, 'invalid', `The parameter ${name} is sent in Parameters, with POST`);
}

function fromPart(spec: ParameterSpec | undefined, name: string, part: JsonObject): Json {
  const { kind } = known(spec, name);
  if (kind === 'parts') return part;
  const value = kind === 'resource' ? part.resource : part[choiceName(part, 'value') ?? ''];
  const wanted = kind === 'resource' ? ['resource'] : JSON_NAMES[kind];
  const fits = kind === 'resource' ? isObject(value) : wanted.includes(choiceName(part, 'value') ?? '');
  if (value === undefined || !fits) {
    throw refuse(400, 'value', `The parameter ${name} must be ${wanted.join(' or ')}`, 'Parameters.parameter');
  }
  return value;
}

function argumentsOf(values: ReadonlyMap<string, Json[]>): Arguments {
  const first = (name: string): Json | undefined => values.get(name)?.[0];
  const object = (name: string): JsonObject | null => {
    const value = first(name);
    return isObject(value) ? value : null;
  };
  return {
    text: (name) => {
      const value = first(name);
      return typeof value === 'string' && value !== '' ? value : null;
    },
    texts: (name) => (values.get(name) ?? []).filter((value) => typeof value === 'string'),
    flag: (name) => {
      const value = first(name);
      return typeof value === 'boolean' ? value : null;
    },
    whole: (name) => {
      const value = first(name);
      return typeof value === 'number' ? value : null;
    },
    object,
    resource: (name) => {
      const value = object(name);
      return value !== null && typeof value.resourceType === 'string'
        ? { ...value, resourceType: value.resourceType }
        : null;
    },
    parts: (name) => (values.get(name) ?? []).filter(isObject),
  };
}

/** A code as a client gives it in one of three ways. */
export interface GivenCode {
  system: string | undefined;
  version: string | null;
  code: string;
  display: string | null;
}

/** The codings of a Coding or CodeableConcept parameter that have a code. */
export function codingsOf(concept: JsonObject): GivenCode[] {
  const list = concept.coding === undefined ? [concept] : objects(concept, 'coding');
  return list.flatMap((coding) => {
    const { code, system, version, display } = coding;
    if (typeof code !== 'string') return [];
    return {
      code,
      system: typeof system === 'string' ? system : undefined,
      version: typeof version === 'string' ? version : null,
      display: typeof display === 'string' ? display : null,
    };
  });
}

/**
 * What an operation asks about: `code` with its system, a `coding`, or a `codeableConcept`.
 * @throws Outcome 400 when none or several of these are given
 */
export function givenCodes(args: Arguments, system: string | null, version: string | null): GivenCode[] {
  const code = args.text('code');
  const coding = args.object('coding');
  const concept = args.object('codeableConcept');
  const ways = [code, coding, concept].filter((way) => way !== null).length;
  if (ways !== 1) throw refuse(400, 'invalid', 'Give one of code, coding or codeableConcept');
  if (code !== null) return [{ code, system: system ?? undefined, version, display: args.text('display') }];
  const codes = codingsOf(coding ?? concept ?? {});
  if (codes.length === 0) throw refuse(400, 'required', 'The coding has no code');
  return codes;
}
