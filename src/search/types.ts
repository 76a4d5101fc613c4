/** One parsed query: the tree that SQL (`store/query-sql.ts`) and memory (`search/match.ts`) both evaluate. */

import type { TextQuery } from './text-query.ts';

export type ParamType =
  | 'token'
  | 'reference'
  | 'date'
  | 'string'
  | 'uri'
  | 'number'
  | 'quantity'
  | 'composite'
  | 'special';

export interface SearchParam {
  /** Search code, e.g. `birthdate`. */
  code: string;
  type: ParamType;
  /** FHIRPath expression of this parameter for this resource type only (unions already split). */
  expression: string;
  /** Reference parameters: allowed target types. */
  targets: string[];
  url: string;
  /** Token parameters on elements of type code: the one system of their required binding, when there is one. */
  codeSystem?: string;
  /** Reference parameters on canonical URLs: they name definitions (search/canonical.ts). */
  canonical?: true;
  /** Not R4's: a package, a client or we defined it, so what it reads decides whom it is hidden from. */
  elsewhere?: true;
  /** Composite parameters: their parts, whose values must hold on one and the same element. */
  composite?: Composite;
  /**
   * The codes under which its values are stored, where that is not its own alone: name -> name, family, given; and
   * combo-code -> code, component-code, without one of its own (search/params.ts).
   */
  parts?: readonly string[];
}

export interface Composite {
  /** Element paths, e.g. `Observation.component`; the type's own name stands for the resource itself. */
  elements: readonly string[];
  parts: readonly CompositePart[];
}

/** `param.code` is the expression within the element, `param.expression` the same with the type's name before it. */
export interface CompositePart {
  param: SearchParam;
  /** The parameter of the type that holds these values whatever their element. */
  whole: string;
  /** Its `parts`, when it has any. */
  wholeParts?: readonly string[];
  /** The parameter that holds them for the resource itself alone, when that is one of the elements. */
  root?: string;
  /** The values are the resource's, not the element's (`%resource.`). */
  ofResource?: true;
}

/** The codes under which the values of a parameter are stored. */
export function storedAs({ code, parts }: Pick<SearchParam, 'code' | 'parts'>): readonly string[] {
  return parts ?? [code];
}

export type Prefix = 'eq' | 'ne' | 'lt' | 'gt' | 'le' | 'ge' | 'sa' | 'eb' | 'ap';

export type SearchValue =
  | { kind: 'token'; system: string | null | undefined; code: string | null }
  /** `:of-type`: an identifier by the coding of its type and its value. */
  | { kind: 'typed'; system: string; code: string; value: string }
  /** `version` only where searches ask for one (the access record). */
  | { kind: 'reference'; type: string | null; id: string | null; url: string | null; version?: string }
  | { kind: 'date'; prefix: Prefix; low: string; high: string }
  | { kind: 'string'; text: string }
  | { kind: 'uri'; uri: string }
  | { kind: 'number'; prefix: Prefix; ranges: NumberRange[] }
  /** Per component of a composite: its values, which are OR-ed (a bare id may mean several types). */
  | { kind: 'composite'; parts: SearchValue[][] }
  /** `_text`, `_content`: words of a text. */
  | { kind: 'text'; query: TextQuery }
  /** Within so many metres of a place. */
  | { kind: 'near'; latitude: number; longitude: number; metres: number };

/** One unit in which a searched number is asked; `eq` and `ne`: low inclusive, high exclusive; `ap`: both inclusive. */
export interface NumberRange {
  /** Null = any unit, or none. */
  unit: UnitTest | null;
  low: number;
  high: number;
}

/** `|system|code`, `|system|` or `||code`, which is a code of any system or a unit as people write it. */
export type UnitTest =
  | { by: 'code'; system: string; code: string }
  | { by: 'system'; system: string }
  | { by: 'name'; name: string };

/** One AND-ed criterion; its values are OR-ed. */
export interface Criterion {
  param: SearchParam;
  modifier: string | null;
  values: SearchValue[];
  /** The caller may not see this element at all: it is evaluated as if no row had a value (oracle of house.md 1). */
  hidden?: true;
}

/** Rows of the parameter's type in which a reference points to a row of one of these types for which the clauses hold. */
export interface Chain {
  op: 'chain';
  param: SearchParam;
  targets: Typed[];
  /** As of a criterion: the reference itself is hidden, so that no row has one. */
  hidden?: true;
}

/** `_has`: rows to which a row of the source type points by this parameter, and for that row the clauses hold. */
export interface ReverseChain {
  op: 'has';
  param: SearchParam;
  source: Typed;
  hidden?: true;
}

/** Rows of one type for which all clauses hold: each of them is read as a parameter of that type. */
export interface Typed {
  op: 'type';
  type: string;
  clauses: Clause[];
}

export interface Combined {
  op: 'all' | 'any' | 'not';
  /** `not` has one. */
  clauses: Clause[];
}

/** A part of a query: a criterion on the row itself, or clauses about other rows, or clauses combined. */
export type Clause = Criterion | Chain | ReverseChain | Typed | Combined;

/** True for a criterion on the row itself. */
export function isCriterion(clause: Clause): clause is Criterion {
  return !('op' in clause);
}

export interface SortKey {
  param: SearchParam | '_id' | '_lastUpdated';
  descending: boolean;
  /** Another key follows this string: what differs in case or accents alone is equal, so that the next one decides. */
  folded?: true;
}

export interface Include {
  /** Source type, parameter (null = `*`) and optional target type. */
  source: string;
  param: SearchParam | null;
  target: string | null;
  iterate: boolean;
}

export interface Query {
  /** Null at system level. */
  type: string | null;
  /** At system level: the types searched. */
  types?: readonly string[];
  /** All of them hold. */
  where: Clause[];
  sort: SortKey[];
  /** Page size; 0 = count only. */
  count: number;
  total: 'none' | 'estimate' | 'accurate';
  summary: 'true' | 'false' | 'text' | 'data' | 'count' | null;
  elements: string[];
  include: Include[];
  revinclude: Include[];
  /** The caller asked for the tree, the SQL and the plan. */
  explain?: boolean;
  /** The address of the self link, where it is not the type's. */
  path?: string;
  /** `&_format=...&_pretty=...` as asked, for the links to later pages. */
  form?: string;
  /** The query as understood, for the self link. */
  self: string;
}

/**
 * What the index holds for one resource. Tokens are exact words in one GIN array per row; strings and dates are narrow
 * side rows. Every word starts with the resource type and the parameter's code, so one array serves all parameters of
 * all types (search/words.ts says which words; those that start with `@` belong to the store).
 */
export interface IndexValues {
  tokens: string[];
  /** One per name part or address part: the folded text, for whole parts followed by U+0001 and the text as written. */
  strings: { code: string; value: string }[];
  /** Inclusive low, exclusive high, as ISO instants; null = open. */
  dates: { code: string; low: string | null; high: string | null }[];
  /** Both ends inclusive; unit as system, code and human unit, joined with U+0001 (number-values.ts), or null. */
  numbers: { code: string; low: number; high: number; unit: string | null }[];
  /** For `:text`: the folded texts of codes, each after its parameter's word prefix. */
  texts: string[];
  /** Elements of composite parameters, each with the values of their parts. */
  elements: ElementValues[];
}

/** The values of one element, e.g. one `Observation.component`; codes are expressions within it. */
export interface ElementValues extends Pick<IndexValues, 'tokens' | 'strings' | 'dates' | 'numbers'> {
  path: string;
}
