/**
 * A sharing agreement between two services as R4 `Contract` with profile JV-SharingAgreement. Every `term` is one
 * direction and one set of purposes; more than one term is usual (people up to R for TREAT, systems N for COC):
 *
 *   status                         executed | amended | renewed = in force; revoked | terminated | cancelled = revoked
 *   applies / term.applies         period of the whole / of the term
 *   term.offer.party               two: role v3-ParticipationType `CST` = the service whose data it is, `IRCP` = who may
 *                                  see it; each with one `Organization/..` reference
 *   term.securityLabel             one: classification (v3-Confidentiality N, R or V) = the highest label it lets
 *                                  through; control (v3-ActReason) = the purposes
 *   term.asset.type                what: FHIR resource types (http://hl7.org/fhir/resource-types)
 *
 * Parsed strictly: an agreement with a fault in any term says nothing at all.
 */
import type { JsonObject, Resource } from '../fhir/types.ts';
import { contradiction } from './agreement-changes.ts';
import { CLASS_OF_TYPE, classesOfType } from './data-classes.ts';
import { claims, codes, codings, hasCode, isTo, object, objects, refs, text, unique } from './elements.ts';
import { earlier, endOf, later, startOf } from './instants.ts';
import { purposeOf } from './purposes.ts';
import type { AgreementRow, DataClass, Label, Purpose } from './types.ts';
import { ACT_REASON, CONFIDENTIALITY, SHARING_AGREEMENT } from './vocabulary.ts';

const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType';
const RESOURCE_TYPES = 'http://hl7.org/fhir/resource-types';
const IN_FORCE = ['executed', 'amended', 'renewed'];
const REVOKED = ['revoked', 'terminated', 'cancelled'];

/** What is wrong with an agreement, in plain words with the FHIRPath; empty when it can be read. */
export function agreementFaults(resource: Resource): { expression: string; text: string }[] {
  if (!isAgreement(resource)) return [];
  const terms = objects(resource.term);
  if (terms.length === 0) return [{ expression: 'Contract.term', text: 'an agreement needs at least one term' }];
  return terms.flatMap((term, i) => [...neverInForce(resource, term, i), ...faultsIn(term, i)]);
}

/** An agreement whose time ends before it begins locks out whom it was made for, and says nothing about why. */
function neverInForce(resource: Resource, term: JsonObject, i: number): { expression: string; text: string }[] {
  const [whole, own] = [object(resource.applies), object(term.applies)];
  const from = later(startOf(text(whole?.start)), startOf(text(own?.start)));
  const until = earlier(endOf(text(whole?.end)), endOf(text(own?.end)));
  if (from === null || until === null || from < until) return [];
  return [
    { expression: `Contract.term[${i}].applies`, text: 'it ends before it begins, so it would never be in force' },
  ];
}

function faultsIn(term: JsonObject, i: number): { expression: string; text: string }[] {
  return termFaults(term).map((fault) => ({ ...fault, expression: `Contract.term[${i}].${fault.expression}` }));
}

/** Terms that say different things about the same: nobody could tell which of them holds. Such an agreement is not written. */
export function contradictoryTerms(resource: Resource): { expression: string; text: string }[] {
  // A new paper has no id yet, and contradicts itself all the same.
  const rows = agreementsOf({ ...resource, id: resource.id ?? 'new' });
  return rows.flatMap((row, i) => {
    const against = contradiction(row, rows.slice(0, i));
    if (against === null) return [];
    const text = `it contradicts term ${rows.indexOf(against)}: the same data for the same purpose up to ${row.maxLabel} and up to ${against.maxLabel}`;
    return [{ expression: `Contract.term[${i}]`, text }];
  });
}

/** The rows of an agreement in force or revoked; none when it is neither, or when any term has a fault. */
export function agreementsOf(resource: Resource): AgreementRow[] {
  const status = text(resource.status) ?? '';
  if (!isAgreement(resource) || resource.id === undefined || agreementFaults(resource).length > 0) return [];
  if (!IN_FORCE.includes(status) && !REVOKED.includes(status)) return [];
  const whole = object(resource.applies);
  return objects(resource.term).flatMap((term) => {
    const parsed = parseTerm(term);
    if (parsed.from === null || parsed.to === null || parsed.label === null) return [];
    const own = object(term.applies);
    return [
      {
        fromService: parsed.from,
        toService: parsed.to,
        classes: parsed.classes,
        purposes: parsed.purposes,
        maxLabel: parsed.label,
        from: later(startOf(text(whole?.start)), startOf(text(own?.start))),
        until: earlier(endOf(text(whole?.end)), endOf(text(own?.end))),
        revoked: REVOKED.includes(status),
        source: `Contract/${resource.id}`,
      },
    ];
  });
}

function isAgreement(resource: Resource): boolean {
  return resource.resourceType === 'Contract' && claims(resource, SHARING_AGREEMENT);
}

interface Term {
  from: string | null;
  to: string | null;
  classes: DataClass[];
  purposes: Purpose[];
  label: Label | null;
  unknownTypes: string[];
  unknownPurposes: string[];
}

function parseTerm(term: JsonObject): Term {
  const parties = objects(object(term.offer)?.party);
  const security = objects(term.securityLabel);
  const only = security.length === 1 ? security[0] : undefined;
  const types = objects(term.asset).flatMap((one) => codes(one.type));
  const known = types.filter((one) => one.system === RESOURCE_TYPES && CLASS_OF_TYPE.has(one.code));
  const controls = codings(only?.control);
  return {
    from: serviceOf(parties, 'CST'),
    to: serviceOf(parties, 'IRCP'),
    classes: unique(known.flatMap((one) => classesOfType(one.code))),
    purposes: controls.flatMap((one) => (one.system === ACT_REASON ? (purposeOf(one.code) ?? []) : [])),
    label: labelIn(only),
    unknownTypes: types.filter((one) => !known.includes(one)).map((one) => one.code),
    unknownPurposes: controls
      .filter((one) => one.system !== ACT_REASON || purposeOf(one.code) === null)
      .map((one) => one.code),
  };
}

function serviceOf(parties: readonly JsonObject[], role: string): string | null {
  const found = parties
    .filter((one) => hasCode(codes(one.role), PARTICIPATION, role))
    .flatMap((one) => refs(one.reference));
  const [service, ...more] = found;
  return service !== undefined && more.length === 0 && isTo(service, 'Organization') ? service : null;
}

function labelIn(security: JsonObject | undefined): Label | null {
  const found = codings(security?.classification).filter((one) => one.system === CONFIDENTIALITY);
  const code = found[0]?.code;
  return code === 'N' || code === 'R' || code === 'V' ? code : null;
}

function termFaults(term: JsonObject): { expression: string; text: string }[] {
  const parsed = parseTerm(term);
  const faults: { expression: string; text: string }[] = [];
  const fault = (expression: string, words: string) => faults.push({ expression, text: words });
  if (parsed.from === null) fault('offer.party', 'exactly one Organization must be the custodian (CST)');
  if (parsed.to === null) fault('offer.party', 'exactly one Organization must be the recipient (IRCP)');
  if (parsed.from !== null && parsed.from === parsed.to && parsed.label === 'N') {
    fault('offer.party', 'within one service only R or V needs an agreement');
  }
  if (parsed.label === null) fault('securityLabel', 'exactly one security label with classification N, R or V');
  if (parsed.purposes.length === 0) fault('securityLabel.control', 'at least one purpose of use (v3-ActReason)');
  for (const code of parsed.unknownPurposes) fault('securityLabel.control', `purpose not known: ${code}`);
  if (parsed.classes.length === 0) fault('asset.type', 'at least one resource type');
  for (const code of parsed.unknownTypes) fault('asset.type', `resource type not known: ${code}`);
  return faults;
}
