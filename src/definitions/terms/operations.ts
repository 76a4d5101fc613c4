/** The terminology operations with their parameters as R4 4.0.1 defines them. */
import { refuse } from '../../fhir/outcome.ts';
import type { Resource } from '../../fhir/types.ts';
import {
  expandAnswer,
  lookupAnswer,
  type Question,
  subsumesAnswer,
  translateAnswer,
  validateInSetAnswer,
  validateInSystemAnswer,
} from './answers.ts';
import type { Arguments, OperationSpec } from './arguments.ts';

export interface TermOperation {
  type: 'CodeSystem' | 'ValueSet' | 'ConceptMap';
  name: string;
  spec: OperationSpec;
  /** Parameters that name the subject: a resource in the body, its canonical, its version. */
  subject: { resource: string; url: string; version: string };
  levels: readonly ('type' | 'instance')[];
  /** @throws TermFault, Outcome 400 */
  run(question: Question): Resource;
}

const TEXT = { kind: 'text' } as const;
const TEXTS = { kind: 'text', many: true } as const;
const FLAG = { kind: 'boolean' } as const;
const WHOLE = { kind: 'integer' } as const;
const CODING = { kind: 'Coding' } as const;
const CONCEPT = { kind: 'CodeableConcept' } as const;
const RESOURCE = { kind: 'resource' } as const;
const NOT_HERE = { kind: 'text', refused: true } as const;

const CODE_SPEC = {
  code: TEXT,
  coding: CODING,
  codeableConcept: CONCEPT,
  display: TEXT,
  abstract: FLAG,
  displayLanguage: TEXT,
  date: NOT_HERE,
};
const BOTH = ['type', 'instance'] as const;

/** Every terminology operation that is offered. */
export const TERM_OPERATIONS: readonly TermOperation[] = [
  {
    type: 'CodeSystem',
    name: 'lookup',
    levels: ['type'],
    subject: { resource: '', url: '', version: '' },
    spec: {
      code: TEXT,
      system: TEXT,
      version: TEXT,
      coding: CODING,
      date: NOT_HERE,
      displayLanguage: TEXT,
      property: TEXTS,
    },
    run: lookupAnswer,
  },
  {
    type: 'CodeSystem',
    name: 'validate-code',
    levels: BOTH,
    subject: { resource: 'codeSystem', url: '', version: '' },
    spec: { ...CODE_SPEC, url: TEXT, version: TEXT, codeSystem: RESOURCE },
    run: validateInSystemAnswer,
  },
  {
    type: 'CodeSystem',
    name: 'subsumes',
    levels: BOTH,
    subject: { resource: '', url: '', version: '' },
    spec: { codeA: TEXT, codeB: TEXT, system: TEXT, version: TEXT, codingA: CODING, codingB: CODING },
    run: subsumesAnswer,
  },
  {
    type: 'ValueSet',
    name: 'expand',
    levels: BOTH,
    subject: { resource: 'valueSet', url: 'url', version: 'valueSetVersion' },
    spec: {
      url: TEXT,
      valueSet: RESOURCE,
      valueSetVersion: TEXT,
      context: NOT_HERE,
      contextDirection: NOT_HERE,
      date: NOT_HERE,
      filter: TEXT,
      offset: WHOLE,
      count: WHOLE,
      includeDesignations: FLAG,
      designation: TEXTS,
      includeDefinition: FLAG,
      activeOnly: FLAG,
      excludeNested: FLAG,
      excludeNotForUI: FLAG,
      excludePostCoordinated: FLAG,
      displayLanguage: TEXT,
      'exclude-system': TEXTS,
      'system-version': TEXTS,
      'check-system-version': TEXTS,
      'force-system-version': TEXTS,
    },
    run: expandAnswer,
  },
  {
    type: 'ValueSet',
    name: 'validate-code',
    levels: BOTH,
    subject: { resource: 'valueSet', url: 'url', version: 'valueSetVersion' },
    spec: {
      ...CODE_SPEC,
      url: TEXT,
      context: NOT_HERE,
      valueSet: RESOURCE,
      valueSetVersion: TEXT,
      system: TEXT,
      systemVersion: TEXT,
    },
    run: validateInSetAnswer,
  },
  {
    type: 'ConceptMap',
    name: 'translate',
    levels: BOTH,
    subject: { resource: 'conceptMap', url: 'url', version: 'conceptMapVersion' },
    spec: {
      url: TEXT,
      conceptMap: RESOURCE,
      conceptMapVersion: TEXT,
      code: TEXT,
      system: TEXT,
      version: TEXT,
      source: TEXT,
      coding: CODING,
      codeableConcept: CONCEPT,
      target: TEXT,
      targetsystem: TEXT,
      dependency: { kind: 'parts', many: true },
      reverse: FLAG,
    },
    run: translateAnswer,
  },
];

/** The canonical of the subject an operation's parameters name; null = none. */
export function subjectOf(
  operation: TermOperation,
  args: Arguments,
): { canonical: string | null; given: Resource | null } {
  const { resource, url, version } = operation.subject;
  const given = resource === '' ? null : args.resource(resource);
  const named = url === '' ? null : args.text(url);
  const of = version === '' ? null : args.text(version);
  if (given !== null && named !== null) throw refuse(400, 'invalid', `Give ${url} or ${resource}, not both`);
  if (given !== null && given.resourceType !== operation.type) {
    throw refuse(400, 'invalid', `${resource} must be a ${operation.type}`, 'Parameters.parameter');
  }
  return { canonical: named === null || of === null ? named : `${named.split('|')[0]}|${of}`, given };
}
