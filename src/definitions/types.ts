/** What the compiled definitions offer to the rest of the house. */
import type { Resource } from '../fhir/types.ts';
import type { SearchParam } from '../search/types.ts';

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

export interface Definitions {
  /** Every R4 resource type that is not abstract, sorted. */
  resourceTypes: readonly string[];
  isResourceType(name: string): boolean;
  /** Search parameters of a type, standard ones of Resource and DomainResource included. */
  searchParams(type: string): ReadonlyMap<string, SearchParam>;
  /** Validates against base R4 and the profiles our CapabilityStatement requires. Never throws for bad input. */
  validate(resource: Resource, options?: { profiles?: string[]; nhsNumber?: 'error' | 'warn' }): Issue[];
  /** Top-level elements with a minimum of one: kept under every `_summary` and `_elements`. */
  mandatoryElements(type: string): readonly string[];
  /** Top-level elements marked isSummary. */
  summaryElements(type: string): readonly string[];
  /** Definitional resources we publish (StructureDefinition, ValueSet, CodeSystem, Questionnaire, ...), by type. */
  published(type: string): Resource[];
  /** True when the system|code is in the value set, false when not, null when it cannot be decided locally. */
  inValueSet(valueSet: string, system: string | undefined, code: string): boolean | null;
}
