/**
 * The compact snapshot: what the compiler (`compile.ts`) writes once and the walker (`nodes.ts`) reads lazily, one
 * section per type, value set or profile. Keys are one letter because the whole file is read at every start.
 */
/** One allowed type of an element. */
export interface TypeSource {
  /** FHIR type code as it appears in JSON names, e.g. `Quantity`. */
  c: string;
  /** Definition to walk when it differs from the code, e.g. `SimpleQuantity`. */
  d?: string;
  /** Reference and canonical: allowed target types; absent = any. */
  r?: string[];
  /** Profiles of ours or of a package that the value meets, one of them. */
  p?: string[];
}

/** One element of a node. */
export interface ElementSource {
  /** Element name without `[x]`. */
  n: string;
  min: number;
  /** -1 = unbounded. */
  max: number;
  /** Marked isSummary. */
  s?: 1;
  /** JSON array? (base max is not 1) */
  l?: 1;
  /** Choice element (`value[x]`). */
  x?: 1;
  t: TypeSource[];
  /** Index of the node of a backbone element or content reference. */
  k?: number;
  /** Value set of a required binding (or maximum binding), without version. */
  b?: string;
  /** Value set of an extensible binding: codes outside it get a warning. */
  g?: string;
  /** The value set is the maximum of a preferred binding: it binds codes, words alone are fine. */
  w?: 1;
  /** Constraint keys on this element. */
  i?: string[];
}

/** One object level: a type's root, or a backbone element. */
export interface NodeSource {
  path: string;
  e: ElementSource[];
  /** Constraint keys of this level. */
  i?: string[];
}

/** A constraint: FHIRPath expression and the specification's own words. */
export interface RuleSource {
  e: string;
  h: string;
}

/** One resource or complex type. */
export interface DefinitionSource {
  name: string;
  resource: boolean;
  nodes: NodeSource[];
  rules: Record<string, RuleSource>;
}

/** One code system: codes in order, each with its parent's position when the system is a hierarchy. */
export interface CodeSystemSource {
  codes: string[];
  /** Position of the parent of each code, or of its several parents; -1 for roots; absent when flat. */
  parents?: (number | number[])[];
  /** False for fragments and systems published without their codes. */
  complete: boolean;
}

export interface IncludeSource {
  s?: string;
  /** Codes; absent = the whole system. */
  c?: string[];
  /** is-a / descendent-of / = filters: [property, op, value]. */
  f?: [string, string, string][];
  /** Value sets to intersect with. */
  v?: string[];
}

export interface ValueSetSource {
  include: IncludeSource[];
  exclude?: IncludeSource[];
}

/** What we know of an extension: its value types, or its parts. */
export interface ExtensionSource {
  /** Allowed `value[x]` types; empty = complex. */
  v: string[];
  /** Value set of a required binding on the value. */
  b?: string;
  /** Codes the value may have, whose definition is not ours to publish; `s` = only when it is of this system. */
  c?: string[];
  s?: string;
  /** Parts of a complex extension: url -> allowed value types. */
  p?: Record<string, string[]>;
  /** May be used as a modifier extension. */
  m?: 1;
  /** Elements it may stand on, e.g. `Encounter`, `HumanName.family`; absent = anywhere, or not for us to check. */
  on?: string[];
}

/** One level of a profile: what it adds to R4. */
export interface ProfileNode {
  name: string;
  min?: number;
  /** -1 = unbounded. */
  max?: number;
  types?: TypeSource[];
  /** fixed[x]: equal. */
  fixed?: unknown;
  /** pattern[x]: contains. */
  pattern?: unknown;
  binding?: { v: string; s: 'required' | 'extensible' };
  rules?: { key: string; e: string; h: string; severity: 'error' | 'warning' }[];
  /** minValue[x], maxValue[x]: the bound with its type, e.g. `Quantity`. */
  least?: BoundSource;
  most?: BoundSource;
  maxLength?: number;
  children: ProfileNode[];
  slices?: ProfileSlice[];
  slicing?: { rules: 'open' | 'closed' | 'openAtEnd'; ordered: boolean };
}

export interface BoundSource {
  type: string;
  value: unknown;
}

/** How a slice is told apart at one path; what is wanted there follows from `type`. */
export interface SliceTest {
  type: 'value' | 'exists' | 'type' | 'profile';
  path: string;
  fixed?: unknown;
  pattern?: unknown;
  /** Required value set, where neither a fixed value nor a pattern is given. */
  binding?: string;
  types?: string[];
  profiles?: string[];
  exists?: boolean;
}

export interface ProfileSlice {
  name: string;
  by: SliceTest[];
  node: ProfileNode;
}

export interface ProfileSource {
  url: string;
  type: string;
  root: ProfileNode;
}

/** The index: first line of the file; positions of the sections, in bytes from its end. */
export interface SnapshotIndex {
  format: 1;
  hash: string;
  /** Bytes after the index line; a shorter file is not trusted. */
  size: number;
  resourceTypes: string[];
  sections: Record<string, [number, number]>;
}

/** The parts of R4 definitional resources the compiler reads. */
export interface StructureDefinition {
  resourceType: 'StructureDefinition';
  id: string;
  url: string;
  name: string;
  kind: 'resource' | 'complex-type' | 'primitive-type' | 'logical';
  abstract: boolean;
  type: string;
  derivation?: string;
  baseDefinition?: string;
  fhirVersion?: string;
  /** Extensions: where they may stand. */
  context?: { type: string; expression: string }[];
  contextInvariant?: string[];
  version?: string;
  status?: string;
  snapshot?: { element: ElementDefinition[] };
  differential?: { element: ElementDefinition[] };
}

export interface ElementDefinition {
  id: string;
  path: string;
  sliceName?: string;
  min?: number;
  max?: string;
  contentReference?: string;
  isModifier?: boolean;
  [name: string]: unknown;
}

export interface ElementType {
  code: string;
  profile?: string[];
  targetProfile?: string[];
  extension?: { url: string; valueUrl?: string }[];
}
