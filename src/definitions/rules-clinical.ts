/** Invariants of clinical and administrative resources, as direct code. Keys with `Type:` are used twice in R4. */
import type { JsonObject } from '../fhir/types.ts';
import {
  choiceName,
  choiceValue,
  count,
  has,
  hasChoice,
  hasCoding,
  inOrder,
  object,
  objects,
  text,
} from './reading.ts';
import { isObject, type Run } from './run.ts';

type DirectRule = (value: JsonObject, run: Run) => boolean;

const AIT = 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification';
const CLINICAL = 'http://terminology.hl7.org/CodeSystem/condition-clinical';
const VERIFICATION = 'http://terminology.hl7.org/CodeSystem/condition-ver-status';
const ELEMENT_PATH =
  /^[^\s.,:;'"/|?!@#$%&*()[\]{}]{1,64}(?:\.[^\s.,:;'"/|?!@#$%&*()[\]{}]{1,64}(?:\[x\])?(?::[^\s.]+)?)*$/;
const UNTIMED = new Set(['proposed', 'cancelled', 'waitlist']);

function anyOf(...names: string[]): DirectRule {
  return (value) => names.some((name) => has(value, name));
}

function notBoth(a: string, b: string): DirectRule {
  return (value) => !has(value, a) || !has(value, b);
}

function exactlyOne(a: string, b: string): DirectRule {
  return (value) => has(value, a) !== has(value, b);
}

function key(coding: JsonObject): string {
  return JSON.stringify([coding.system, coding.version, coding.code, coding.display, coding.userSelected]);
}

/** obs-7: a value of the whole and a component with the same code would say one thing twice. */
function distinctComponents(value: JsonObject): boolean {
  if (!hasChoice(value, 'value')) return true;
  const own = new Set(objects(object(value, 'code') ?? {}, 'coding').map(key));
  return objects(value, 'component').every((component) =>
    objects(object(component, 'code') ?? {}, 'coding').every((coding) => !own.has(key(coding))),
  );
}

/** csd-1: every code once; over `descendants()` it is quadratic, and 8,000 concepts held the service for 1.3 s. */
function distinctConcepts(value: JsonObject): boolean {
  const codes = new Set<string>();
  const isFresh = (concept: JsonObject): boolean => {
    const code = text(concept, 'code');
    if (code === undefined) return true;
    const before = codes.size;
    return codes.add(code).size > before;
  };
  const visit = (inner: unknown): boolean => {
    if (Array.isArray(inner)) return inner.every(visit);
    if (!isObject(inner)) return true;
    return objects(inner, 'concept').every(isFresh) && Object.values(inner).every(visit);
  };
  return visit(value);
}

/** ctm-1: only a practitioner acts on behalf of an organisation; what cannot be told from the reference passes. */
function practitionerOnBehalf(value: JsonObject): boolean {
  if (!has(value, 'onBehalfOf')) return true;
  const member = object(value, 'member');
  const reference = member ? text(member, 'reference') : undefined;
  const type = /(?:^|\/)([A-Z][A-Za-z]+)\/[A-Za-z0-9\-.]{1,64}(?:\/_history\/.*)?$/.exec(reference ?? '')?.[1];
  return type === undefined || type === 'Practitioner';
}

function datesInOrder(first: string, second: string): DirectRule {
  return (value) => {
    const [from, until] = [text(value, first), text(value, second)];
    return from === undefined || until === undefined || inOrder(from, until);
  };
}

function needsPatient(code: string): DirectRule {
  // R4 names the system 'something' in these four
  return (value) => has(value, 'patient') || !hasCoding(value, 'scope', 'something', [code]);
}

export const CLINICAL_RULES: Readonly<Record<string, DirectRule>> = {
  'pat-1': anyOf('name', 'telecom', 'address', 'organization'),
  'obs-3': anyOf('low', 'high', 'text'),
  'obs-6': (v) => !has(v, 'dataAbsentReason') || !hasChoice(v, 'value'),
  'csd-1': distinctConcepts,
  'obs-7': distinctComponents,
  'con-1': anyOf('summary', 'assessment'),
  'con-2': anyOf('code', 'detail'),
  'con-4': (v) =>
    !hasChoice(v, 'abatement') || hasCoding(v, 'clinicalStatus', CLINICAL, ['resolved', 'remission', 'inactive']),
  'con-5': (v) => !hasCoding(v, 'verificationStatus', VERIFICATION, ['entered-in-error']) || !has(v, 'clinicalStatus'),
  'ait-1': (v) => hasCoding(v, 'verificationStatus', AIT, ['entered-in-error']) || has(v, 'clinicalStatus'),
  'ait-2': (v) => !hasCoding(v, 'verificationStatus', AIT, ['entered-in-error']) || !has(v, 'clinicalStatus'),
  'app-1': anyOf('type', 'actor'),
  'app-2': (v) => has(v, 'start') === has(v, 'end'),
  'app-3': (v) => (has(v, 'start') && has(v, 'end')) || UNTIMED.has(text(v, 'status') ?? 'proposed'),
  'app-4': (v) =>
    !has(v, 'cancelationReason') ||
    text(v, 'status') === undefined ||
    v.status === 'noshow' ||
    v.status === 'cancelled',
  'apr-1': anyOf('participantType', 'actor'),
  'cmp-1': anyOf('text', 'entry', 'section'),
  'cmp-2': notBoth('emptyReason', 'entry'),
  'cpl-3': notBoth('detail', 'reference'),
  'ctm-1': practitionerOnBehalf,
  'fhs-1': (v) => !hasChoice(v, 'age') || !hasChoice(v, 'born'),
  'fhs-2': (v) => hasChoice(v, 'age') || !has(v, 'estimatedAge'),
  'gol-1': (v) => !hasChoice(v, 'detail') || has(v, 'measure'),
  'grp-1': (v) => !has(v, 'member') || v.actual !== false,
  'imm-1': anyOf('documentType', 'reference'),
  'imr-1': anyOf('vaccineCode', 'targetDisease'),
  'lnk-1': (v) => count(v, 'item') > 1,
  'lst-1': notBoth('emptyReason', 'entry'),
  'lst-2': (v) =>
    (text(v, 'mode') ?? 'changes') === 'changes' || objects(v, 'entry').every((entry) => !has(entry, 'deleted')),
  'lst-3': (v) =>
    (text(v, 'mode') ?? 'working') === 'working' || objects(v, 'entry').every((entry) => !has(entry, 'date')),
  'mad-1': (v) => has(v, 'dose') || hasChoice(v, 'rate'),
  'mdd-1': datesInOrder('whenPrepared', 'whenHandedOver'),
  'org-1': (v) => count(v, 'identifier') + count(v, 'name') > 0,
  'ppc-1': anyOf('policy', 'policyRule'),
  'ppc-2': needsPatient('patient-privacy'),
  'ppc-3': needsPatient('research'),
  'ppc-4': needsPatient('adr'),
  'ppc-5': needsPatient('treatment'),
  'prr-1': (v) => !has(v, 'orderDetail') || has(v, 'code'),
  'ras-2': (v) => {
    const probability = choiceName(v, 'probability') === 'probabilityDecimal' ? choiceValue(v, 'probability') : 0;
    return typeof probability !== 'number' || probability <= 100;
  },
  'sev-1': notBoth('name', 'query'),
  'Task:inv-1': datesInOrder('authoredOn', 'lastModified'),
  'TestReport:inv-1': exactlyOne('operation', 'assert'),
  'TestReport:inv-2': exactlyOne('operation', 'assert'),
  'tst-1': exactlyOne('operation', 'assert'),
  'tst-2': exactlyOne('operation', 'assert'),
  'spd-1': (v) => !has(v, 'xpath') || has(v, 'xpathUsage'),
  'sdf-2': anyOf('name', 'uri'),
  'cpb-1': anyOf('rest', 'messaging', 'document'),
  'vsd-1': anyOf('valueSet', 'system'),
  'vsd-3': notBoth('concept', 'filter'),
  // their expressions hold regexes that fhirpath.js cannot compile
  'eld-16': (v) => /^[a-zA-Z0-9/\-_[\]@]+$/.test(text(v, 'sliceName') ?? 'x'),
  'eld-19': (v) => ELEMENT_PATH.test(text(v, 'path') ?? 'x'),
};
