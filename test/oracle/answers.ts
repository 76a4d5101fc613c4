/** The service's own answer for the same worlds: facts as the store keeps them, then `decide`. */
import type { Resource } from '../../src/fhir/types.ts';
import { decide } from '../../src/governance/decide.ts';
import type { DirectoryRow } from '../../src/governance/directory.ts';
import { type Place, placeOf } from '../../src/governance/duty.ts';
import { evaluate, type World } from '../../src/governance/evaluate.ts';
import { factsOf, type ResourceFacts, resolveFacts } from '../../src/governance/facts.ts';
import { gate } from '../../src/governance/gates.ts';
import { type GrantFacts, type GrantKind, grantFacts } from '../../src/governance/grants.ts';
import { purposeOf } from '../../src/governance/purposes.ts';
import type { Piece, RulePieces } from '../../src/governance/row-rules.ts';
import { composed, rulePieces } from '../../src/governance/row-rules.ts';
import type { RowRule } from '../../src/governance/rule-types.ts';
import type { AgreementRow, Ask, ConsentRow, Principal, Relationship, Role } from '../../src/governance/types.ts';
import { NOW } from './ground.ts';
import { PEOPLE, type Person } from './people.ts';

const CLOSED: RowRule = { op: 'false' };
const HASH = (number: string) => `keyed(${number})`;

export interface Prepared {
  facts: ResourceFacts[];
  relationships: Relationship[];
  consents: ConsentRow[];
  agreements: AgreementRow[];
  principals: Map<string, Principal>;
}

/** Derives, resolves and gathers the facts of a world the way a write does, one resource after the other. */
export function prepare(world: readonly Resource[]): Prepared {
  const granted = world.flatMap(factsOfGrant);
  const lookup = (reference: string) => found(world, reference);
  const directory = world.flatMap((one) => factsOf(one, { lookup, service: null, now: NOW }).directory);
  const placeNow = (party: string) => placeOf(party, rowsOf(directory, party), NOW);
  const teamsOf = (party: string) => placeNow(party).teams;
  const facts = world.map((one) => factsOf(one, { lookup, service: null, now: NOW, teamsOf, ownRecordKey: HASH }));
  settle(facts);
  return {
    facts,
    relationships: [...facts, ...granted].flatMap((one) => one.relationships),
    consents: [...facts, ...granted].flatMap((one) => one.consents),
    agreements: facts.flatMap((one) => one.agreements),
    principals: new Map(PEOPLE.map((one) => [one.id, principalOf(one, placeNow)])),
  };
}

/** A grant beside the record, as the door writes its facts. */
function factsOfGrant(one: Resource): GrantFacts[] {
  const { id = '', kind, patient, holder, pregnancy, at, until } = one;
  const texts = [kind, patient, holder, at, until].every((value) => typeof value === 'string');
  if (one.resourceType === 'Conflict' || one.resourceType === 'Restriction') {
    const kind = one.resourceType === 'Conflict' ? ('conflict' as const) : ('restriction' as const);
    const about = { patient: String(patient), classes: [], from: null, until: null, source: `Conflict/${id}` };
    return [{ relationships: [], consents: [{ ...about, kind, party: kind === 'conflict' ? String(holder) : null }] }];
  }
  if (one.resourceType === 'Named') {
    const about = { party: String(holder), patient: String(patient), pregnancy: null, from: null, until: null };
    const kind = (['named', 'handler', 'registered'] as const).find((each) => each === one.list) ?? 'handler';
    return [{ relationships: [{ ...about, kind, ending: null, source: `Named/${id}`, scope: [] }], consents: [] }];
  }
  if (one.resourceType !== 'Grant' || !texts) return [];
  const key = typeof pregnancy === 'string' ? `https://tandem.example/fhir/Id/pregnancy|${pregnancy}` : null;
  const about = {
    id,
    patient: String(patient),
    holder: String(holder),
    pregnancy: key,
  };
  const span = { at: new Date(String(at)), until: new Date(String(until)) };
  return [grantFacts(String(kind) as GrantKind, { ...about, ...span })];
}

function found(world: readonly Resource[], reference: string): Resource | null {
  const number = reference.split('|')[1];
  if (number === undefined) return world.find((one) => `${one.resourceType}/${one.id}` === reference) ?? null;
  return world.find((one) => one.resourceType === 'Patient' && JSON.stringify(one).includes(`"${number}"`)) ?? null;
}

function settle(facts: readonly ResourceFacts[]): void {
  const mothers = new Map(facts.flatMap((one) => one.kin).map(({ child, mother }) => [child, mother]));
  const pregnancies = facts.flatMap((one) => one.pregnancies).sort((a, b) => b.from.localeCompare(a.from));
  const resolved = new Map<string, string | null>();
  const pregnancyOf = (one: ResourceFacts): string | null => {
    const { identifier, encounter, date } = one.pregnancyHints;
    if (identifier !== undefined) return identifier;
    const visit = facts.find(({ row }) => `${row.type}/${row.id}` === encounter);
    const ofVisit = visit === undefined ? null : pregnancyOf(visit);
    if (ofVisit !== null || visit !== undefined) return ofVisit;
    const mother = one.row.subjects.map((subject) => mothers.get(subject) ?? subject)[0];
    return (
      pregnancies.find((pregnancy) => pregnancy.mother === mother && date !== undefined && pregnancy.from <= date)
        ?.key ?? null
    );
  };
  for (const one of facts) resolved.set(`${one.row.type}/${one.row.id}`, pregnancyOf(one));
  for (const one of facts) resolveFacts(one, mothers, resolved.get(`${one.row.type}/${one.row.id}`) ?? null);
  for (const touch of facts.flatMap((one) => one.touches ?? [])) {
    const request = facts.find(({ row }) => row.type === touch.type && row.id === touch.id);
    if (request) Object.assign(request.row, { released: touch.released, addressee: touch.addressee });
  }
}

/** The rows a standing is made of: hers, those of schedules that name her, and of whom she supervises. */
function rowsOf(directory: readonly DirectoryRow[], party: string): DirectoryRow[] {
  const own = directory.filter((one) => one.member === party);
  const schedules = own.flatMap((one) => (one.kind === 'duty' ? [one.schedule] : []));
  const more = directory.filter(
    (one) =>
      schedules.includes(one.member) ||
      (one.kind === 'role' && one.supervisor === party) ||
      (one.kind === 'team' && own.some((row) => row.kind === 'duty' && row.team === one.member)),
  );
  return [...own, ...more];
}

function principalOf(person: Person, placeNow: (party: string) => Place): Principal {
  const self = `PractitionerRole/${person.id}`;
  const nowhere = { teams: [], supervises: [], flags: [] };
  const { teams, supervises, flags } = person.kind === 'staff' ? placeNow(self) : nowhere;
  const service = person.service === null ? [] : [person.service];
  const scope = { staff: 'user/*.rs', system: 'system/*.rs', family: 'patient/*.rs' }[person.kind];
  return {
    kind: person.kind,
    role: person.role as Role,
    clientId: 'c',
    issuer: 'i',
    subject: person.id,
    supervises,
    jti: 'j',
    name: person.id,
    teams,
    parties:
      person.kind === 'staff'
        ? [self, ...teams, ...service]
        : person.kind === 'system'
          ? service
          : [person.relatedPerson ?? person.patient ?? ''],
    scopes: [scope],
    flags: [...(person.role === 'student' ? ['supervised'] : []), ...flags.filter((one) => one.startsWith('duty:'))],
    ...(person.kind === 'staff' ? { practitionerRole: self } : {}),
    ...(person.service === null ? {} : { service: person.service }),
    ...(person.patient === undefined ? {} : { patient: person.patient }),
    ...(person.relatedPerson === undefined ? {} : { relatedPerson: person.relatedPerson }),
    ...(person.nhsNumber === undefined ? {} : { ownRecordKey: HASH(person.nhsNumber) }),
  };
}

export function askOf(person: Person, type: string): Ask {
  return { action: 'read', type, purpose: purposeOf(person.purpose) ?? 'TREAT', now: NOW, mode: 'demo' };
}

export function worldOf(prepared: Prepared, index: number): World {
  const row = prepared.facts[index]?.row;
  if (row === undefined) throw new Error('no such row');
  return {
    row,
    relationships: prepared.relationships,
    consents: prepared.consents,
    agreements: prepared.agreements,
    now: NOW,
  };
}

export function principal(prepared: Prepared, person: Person): Principal {
  const one = prepared.principals.get(person.id);
  if (one === undefined) throw new Error('no such person');
  return one;
}

/** What the service answers: gate and row. */
export function serviceSays(prepared: Prepared, person: Person, index: number): boolean {
  const world = worldOf(prepared, index);
  return decide(principal(prepared, person), askOf(person, world.row.type), world).permit;
}

/** What it would answer to one person, row by row, with its rule changed by `flip` and the gate as it is. */
export function flippedAnswers(
  prepared: Prepared,
  person: Person,
  flip: (parts: RulePieces) => RulePieces,
  as: (who: Principal) => Principal = (who) => who,
): (index: number) => boolean {
  const who = as(principal(prepared, person));
  const rules = new Map<string, RowRule>();
  const ruleOf = (type: string): RowRule => {
    const ask = askOf(person, type);
    const rule = rules.get(type) ?? (gate(who, ask) === null ? composed(flip(rulePieces(who, ask)), type) : CLOSED);
    rules.set(type, rule);
    return rule;
  };
  return (index) => {
    const world = worldOf(prepared, index);
    return evaluate(ruleOf(world.row.type), world);
  };
}

/** Replaces one named piece. */
export function replaced(name: Piece['name'], rule: Piece['rule']): (parts: RulePieces) => RulePieces {
  return (parts) => ({ ...parts, pieces: parts.pieces.map((one) => (one.name === name ? { ...one, rule } : one)) });
}
