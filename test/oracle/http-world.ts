/** A generated world in a real service: written through the door, in two steps, so that some rows have a past. */
import fc from 'fast-check';
import type { Json, JsonObject, Resource } from '../../src/fhir/types.ts';
import type { GrantKind } from '../../src/governance/grants.ts';
import { grantFacts } from '../../src/governance/grants.ts';
import { openPool, type Pool } from '../../src/store/pool.ts';
import { bundleOf } from '../harness/client.ts';
import type { Service } from '../harness/service.ts';
import { ACT_CODE, at, CONFIDENTIALITY, NOW, ref } from './ground.ts';
import { PEOPLE, type Person } from './people.ts';
import type { Random } from './random.ts';
import { loose } from './reading.ts';
import { before, complete, NOTES } from './valid.ts';
import { worlds } from './worlds.ts';

export interface Filled {
  /** What the record holds now, as it is stored, with the notes beside it: what the oracle reads. */
  world: Resource[];
  /** Every version that is stored, the newest of each row too; `body` null = it was deleted. */
  versions: Version[];
}

export interface Version {
  type: string;
  id: string;
  version: number;
  current: boolean;
  /** The columns of the row as they are stored. */
  row: JsonObject;
  body: string | null;
}

/** Two worlds of the oracle in one: more rows about the same two women. */
export function generate(seed: number): Resource[] {
  const [first = [], ...more] = fc.sample(worlds, { seed, numRuns: 3 });
  const taken = more.flatMap((world, i) =>
    world.filter(({ id }) => /^x\d/.test(String(id))).map((one) => ({ ...one, id: `y${i}${one.id}` })),
  );
  return [...first, ...taken];
}

/** Writes a world into an empty service whose clock is `clock`. */
export async function fill(
  service: Service,
  world: readonly Resource[],
  tools: { random: Random; clock(at: Date): void },
): Promise<Filled> {
  const { random, clock } = tools;
  const marks = new Map([
    [random.pick(['nobody', 'p1', 'p2']), 'R'],
    [random.pick(['nobody', 'p1', 'p2', 'u1']), random.pick(['EMP', 'CEL'])],
  ]);
  const marked = (one: Resource): Resource => {
    const code = one.resourceType === 'Patient' ? marks.get(one.id ?? '') : undefined;
    return code === undefined || loose(one).meta !== undefined ? one : labelled(one, code);
  };
  const whole = [...before, ...world.map(marked)];
  const rows = whole.filter((one) => !NOTES.includes(one.resourceType)).map(complete);
  const changing = rows.filter(({ id }) => /x\d|^p\d/.test(String(id)) && random.chance(0.35));
  const earlier = new Map(changing.map((one) => [one, earlierOf(one, random)]));
  const gone = changing.filter(({ resourceType }) => resourceType !== 'Patient' && random.chance(0.15));
  clock(new Date(NOW.getTime() - 2 * 3_600_000));
  const first = rows.map((one) => earlier.get(one) ?? one);
  // Who works where is known before anybody writes: an author's teams are those she stands in then.
  await load(service, first.filter(isOfDirectory));
  const refused = await load(
    service,
    first.filter((one) => !isOfDirectory(one)),
  );
  clock(new Date(NOW.getTime() - 3_600_000));
  const kept = changing.filter((one) => !refused.has(keyOf(one)));
  await load(service, kept);
  for (const one of gone.filter((each) => kept.includes(each))) await service.as('steward').delete(keyOf(one));
  clock(NOW);
  const notes = [...whole.filter((one) => NOTES.includes(one.resourceType)), ...unmaskings(random)];
  const owner = openPool(service.database.ownerUrl, 1);
  try {
    await note(owner, notes);
    await ownNumbers(service, owner);
    const versions = await versionsOf(owner);
    const current = versions.filter((one) => one.current && one.body !== null);
    return { world: [...current.map(({ body }): Resource => JSON.parse(body ?? '')), ...notes], versions };
  } finally {
    await owner.end();
  }
}

/** People, teams and duty lists. */
const isOfDirectory = (one: Resource): boolean =>
  ['Organization', 'Practitioner', 'PractitionerRole', 'HealthcareService', 'Location', 'Schedule', 'Slot'].includes(
    one.resourceType,
  ) ||
  (one.resourceType === 'CareTeam' && loose(one).subject === undefined);

const keyOf = ({ resourceType, id }: Resource): string => `${resourceType}/${id}`;

function labelled(resource: Resource, code: string): Resource {
  return {
    ...resource,
    meta: { ...resource.meta, security: [{ system: code.length === 1 ? CONFIDENTIALITY : ACT_CODE, code }] },
  };
}

/** How a row stood before: another label, another woman, one more in the team. */
function earlierOf(one: Resource, random: Random): Resource {
  const r = loose(one);
  if (one.resourceType === 'CareTeam') {
    const member = ref(`PractitionerRole/${random.pick(PEOPLE.filter(({ kind }) => kind === 'staff')).id}`);
    return { ...one, participant: [...r.participant, { member, period: { start: at(-60) } }] };
  }
  // The number opens nothing and closes nothing when it is read; the label may come later.
  if (one.resourceType === 'Patient') {
    const { meta: _meta, ...rest } = one;
    return { ...rest, language: 'en' };
  }
  if (one.resourceType === 'Consent') return { ...one, status: 'active' };
  if (!['CarePlan', 'Observation', 'DocumentReference'].includes(one.resourceType)) return { ...one, language: 'en' };
  return random.pick([
    labelled(one, random.pick(['N', 'R', 'V'])),
    { ...one, subject: ref(random.pick(['Patient/p1', 'Patient/p2'])) } as Resource,
    { ...one, language: 'cy' } as Resource,
  ]);
}

function unmaskings(random: Random): Resource[] {
  if (random.chance(0.5)) return [];
  const [holder, woman] = [random.pick(['mw-1', 'hv-1', 'sg-1']), random.pick(['p1', 'p2'])];
  const span = { at: at(-0.1), until: at(0.5), pregnancy: null };
  return [
    {
      resourceType: 'Grant',
      id: 'unmask',
      kind: 'unmask',
      holder: `PractitionerRole/${holder}`,
      patient: `Patient/${woman}`,
      ...span,
    },
  ];
}

/** One transaction; what the door refuses is left out, and the rest is sent again. */
async function load(service: Service, list: readonly Resource[]): Promise<Set<string>> {
  const refused = new Set<string>();
  for (let left = [...list]; left.length > 0; ) {
    const reply = await service.as('steward').post('', bundleOf('transaction', left));
    if (reply.status === 200) return refused;
    const named = [...reply.text.matchAll(/Bundle\.entry\[(\d+)\]/g)].map(([, i]) => left[Number(i)]);
    const faulty = named.flatMap((one) => (one === undefined ? [] : [keyOf(one)]));
    if (faulty.length === 0) throw new Error(`a world was refused: ${reply.status} ${reply.text.slice(0, 800)}`);
    for (const key of faulty) refused.add(key);
    left = left.filter((one) => !refused.has(keyOf(one)));
  }
  return refused;
}

/** Grants, restrictions and declared interests: rows for the rules alone, no resources. */
async function note(owner: Pool, notes: readonly Resource[]): Promise<void> {
  for (const one of notes.map(loose)) {
    if (one.resourceType === 'Named') {
      await owner.query(`insert into relationship (source, party, patient, kind) values ($1, $2, $3, $4)`, [
        `note:${one.id}`,
        one.holder,
        one.patient,
        one.list,
      ]);
      continue;
    }
    if (one.resourceType !== 'Grant') {
      const [kind, party] = one.resourceType === 'Conflict' ? ['conflict', one.holder] : ['restriction', null];
      await consent(owner, { source: `note:${one.id}`, patient: one.patient, kind, party, from: null, until: null });
      continue;
    }
    const key = one.pregnancy === null ? null : `https://tandem.example/fhir/Id/pregnancy|${one.pregnancy}`;
    const about = { id: one.id, patient: one.patient, holder: one.holder, pregnancy: key };
    const facts = grantFacts(one.kind as GrantKind, { ...about, at: new Date(one.at), until: new Date(one.until) });
    for (const row of facts.consents) await consent(owner, row);
    for (const row of facts.relationships)
      await owner.query(
        `insert into relationship (source, party, patient, pregnancy, kind, from_at, until_at, ending, scope)
         values ($1, $2, $3, $4, $5, $6, $7, null, '{}')`,
        [row.source, row.party, row.patient, row.pregnancy, row.kind, row.from, row.until],
      );
  }
}

interface ConsentNote {
  source: string;
  patient: string;
  kind: string;
  party: string | null;
  from: string | null;
  until: string | null;
}

async function consent(owner: Pool, row: ConsentNote): Promise<void> {
  await owner.query(
    `insert into consent (source, patient, kind, party, from_at, until_at)
     values ($1, $2, $3, $4, coalesce($5::timestamptz, '-infinity'), coalesce($6::timestamptz, 'infinity'))`,
    [row.source, row.patient, row.kind, row.party, row.from, row.until],
  );
}

/** the keyed numbers of those who are patients too. */
async function ownNumbers({ app }: Service, owner: Pool): Promise<void> {
  for (const { id, nhsNumber } of PEOPLE) {
    if (nhsNumber === undefined) continue;
    const member = `Practitioner/${id}`;
    const entry = { kind: 'own-record', member, key: app.door.personKey(nhsNumber) };
    await owner.query('insert into directory (source, member, entry) values ($1, $2, $3)', [
      `own-number:${member}`,
      member,
      JSON.stringify(entry),
    ]);
  }
  await owner.query('update generation set value = value + 1');
}

async function versionsOf(owner: Pool): Promise<Version[]> {
  const { rows } = await owner.query<{ current: boolean; row: { [name: string]: Json } }>(
    `select true as current, to_jsonb(r) as row from resource r union all select false, to_jsonb(h) from history h`,
  );
  return rows.map(({ current, row }) => ({
    type: String(row.type),
    id: String(row.id),
    version: Number(row.version),
    current,
    row,
    body: row.body === null ? null : String(row.body),
  }));
}

/** Somebody of the oracle's people as a caller of the service. */
export function caller(service: Service, person: Person) {
  const purpose = { purpose_of_use: person.purpose };
  if (person.kind === 'system') return service.as({ like: person.id, claims: purpose });
  if (person.kind === 'staff')
    return service.as({
      like: 'midwife',
      claims: { sub: person.id, fhirUser: `PractitionerRole/${person.id}`, ...purpose },
    });
  const fhirUser = person.relatedPerson ?? person.patient ?? '';
  return service.as({
    like: person.role,
    claims: { sub: person.id, fhirUser, patient: person.patient ?? '', ...purpose },
  });
}
