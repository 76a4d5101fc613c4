/** What the compiled definitions offer to the rest of the house. */
import type { NumberTexts } from '../fhir/json.ts';
import type { Resource } from '../fhir/types.ts';
import type { XmlShapes } from '../fhir/xml-shape.ts';
import type { SearchParam } from '../search/types.ts';
import type { ElementOf } from './element-of.ts';
import type { LibraryEntry } from './library.ts';
import type { SnapshotPlace } from './load.ts';
import type { Posted, PostedSections } from './posted/types.ts';
import type { Subsets } from './subset.ts';
import type { TermLibrary } from './terms/source.ts';

export type Severity = 'fatal' | 'error' | 'warning' | 'information';

/** One finding about a resource; `expression` is the FHIRPath of the element, e.g. `Patient.name[0].family`. */
export interface Issue {
  severity: Severity;
  /** OperationOutcome.issue.code: structure, required, value, invariant, code-invalid, extension, invalid, ... */
  code: string;
  expression: string;
  /** Plain words: what is wrong and what to do. May quote the element's name, never another person's data. */
  diagnostics: string;
}

export interface ValidateOptions {
  /** Canonicals of profiles to meet besides those in `meta.profile`. */
  profiles?: string[];
  /** NHS numbers that fail Modulus 11: refused (default) or only warned about, for example import. */
  nhsNumber?: 'error' | 'warn';
  /** Milliseconds for the constraints of profiles that are neither ours nor R4's; default 200. */
  patience?: number;
  /** How the numbers of this tree were spelt (fhir/json.ts): without it a whole number spelt `1.0` passes as `1`. */
  numbers?: NumberTexts;
}

/** A package found in the folder; `fault` says why it is not used. */
export interface PackageNote {
  file: string;
  name: string | null;
  version: string | null;
  fault: string | null;
  /** Profiles that could not be made complete, each with the reason; told on the first package. */
  leftOut: string[];
}

export interface Definitions {
  /** Hash of all that was compiled: it changes with any definition. */
  version: string;
  /** Every R4 resource type that is not abstract, sorted. */
  resourceTypes: readonly string[];
  isResourceType(name: string): boolean;
  /** Search parameters of a type, standard ones of Resource and DomainResource included. */
  searchParams(type: string): ReadonlyMap<string, SearchParam>;
  /** Validates against base R4 and the profiles our CapabilityStatement requires. Never throws for bad input. */
  validate(resource: Resource, options?: ValidateOptions): Issue[];
  /** The same in well under 200 ms; null when it would take longer: then it is asked of `apart.ts`. */
  validateSoon(resource: Resource, options?: ValidateOptions): Issue[] | null;
  /** Elements of every type in the order of their definition, for XML. Linked at first use. */
  shapes: XmlShapes;
  /** Top-level elements with a minimum of one: kept under `_summary=text`. */
  mandatoryElements(type: string): readonly string[];
  /** Parts of resources, for `_summary` and `_elements`. */
  subsets: Subsets;
  /** Definitional resources we publish (StructureDefinition, ValueSet, CodeSystem, Questionnaire, ...), by type. */
  published(type: string): Resource[];
  /** Whole CodeSystems, ValueSets and ConceptMaps: R4's and ours. */
  terms: TermLibrary;
  /** What the element a definition names (`...#Patient.gender`) says of an item of a form; null = not held. */
  elementOf: ElementOf;
  /** Whole resource a canonical (`url` or `url|version`) of a type names, ours, a package's or R4's own; null = unknown. */
  resolve(type: string, canonical: string): Resource | null;
  /** Whole definitional resource by type and id, or null. Read from disk each time: keep what you need often. */
  byId(type: string, id: string): Resource | null;
  /** Ids and canonicals of the definitional resources of a type: ours first, then the packages', then R4's. */
  entries(type: string): readonly LibraryEntry[];
  /** Adds definitions the service makes at start (its operations); publishing them again changes nothing. */
  publish(resources: readonly Resource[]): void;
  /** Implementation-guide packages found at start. */
  packages: readonly PackageNote[];
  /** True when the system|code is in the value set, false when not, null when it cannot be decided locally. */
  inValueSet(valueSet: string, system: string | undefined, code: string): boolean | null;
  /** The codes of a value set; null when it is not known here or cannot be listed. */
  codesOfValueSet(valueSet: string): readonly { system: string; code: string }[] | null;
  /** A code and those above or below it in its system; null when the system or the code is not known here. */
  relatedCodes(system: string, code: string, direction: 'above' | 'below'): readonly string[] | null;
  /** Where the snapshot lies, for other threads. */
  place: SnapshotPlace;
  /** These definitions with posted ones (`compilePosted`) beside them; this one stays as it is. */
  withPosted(sections: ReadonlyMap<string, string>): Definitions;
  /** Compiles what was posted here. Takes its time: call it apart from the requests (`apart.ts`). */
  compilePosted(posted: readonly Posted[]): PostedSections;
}
