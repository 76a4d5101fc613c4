/**
 * The oracle of house.md in one test: for every principal, the answer to a query over the database equals the answer to
 * the same query over what that principal may be shown. What may be shown is read row by row through another door (GET),
 * and the query is evaluated in memory over exactly that. The queries walk the references of the whole database, so most
 * of them would be answered differently through a row that is hidden.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Resource } from '../../src/fhir/types.ts';
import { createIndexer } from '../../src/search/extract.ts';
import { compareFor, type Indexed } from '../../src/search/match.ts';
import { matches, type Rows } from '../../src/search/match-clauses.ts';
import { searchableParams } from '../../src/search/params.ts';
import { parseSearch } from '../../src/search/parse.ts';
import type { SearchParam } from '../../src/search/types.ts';
import { type Client, found, resources } from '../harness/client.ts';
import { familyOf, note } from '../harness/family.ts';
import { type Service, startService } from '../harness/service.ts';
import { r4 } from '../unit/search/r4-params.ts';

const TYPES =
  'Patient Observation Encounter CareTeam EpisodeOfCare Consent Condition RelatedPerson Group ServiceRequest'.split(
    ' ',
  );
const PRINCIPALS = ['midwife', 'health-visitor', 'epr', 'mother'];
const RESTRICTED = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }];
const SEALED = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'V' }];

let service: Service;
let everything: Indexed[];

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.family('shared', { referral: null });
  await service.family('theirs', { midwife: 'mw-other', midwives: 'CareTeam/hv-team-south', healthVisitor: null });
  const [mother, ...rest] = familyOf('flagged', { postalCode: 'ZZ9 9ZZ' });
  if (mother === undefined) throw new Error('a family has a mother');
  const link = [{ other: { reference: 'Patient/theirs' }, type: 'seealso' }];
  await service.load([{ ...mother, meta: { security: RESTRICTED }, link }, ...rest]);
  const to = (...references: string[]) => ({ focus: references.map((reference) => ({ reference })) });
  await service.load([
    note('out', 'mine', 'mine', to('Patient/theirs', 'Patient/flagged', 'Encounter/theirs-booking')),
    note('in', 'theirs', 'theirs', to('Patient/mine', 'Observation/out', 'Observation/sealed')),
    note('sealed', 'mine', 'sealed', { ...to('Patient/mine', 'Patient/flagged'), meta: { security: SEALED } }),
    note('through', 'flagged', 'flagged', {
      ...to('Observation/sealed', 'Observation/in'),
      hasMember: [{ reference: 'Observation/in' }],
    }),
  ]);
  everything = (await Promise.all(TYPES.map((type) => service.as('steward').get(`${type}?_count=500`))))
    .flatMap((reply) => resources(reply))
    .map((resource) => ({ resource, values: indexer().indexOf(resource) }));
}, 90_000);
afterAll(() => service.close());

const indexer = () => createIndexer(r4, [service.base]);
const keyOf = ({ resource }: Indexed): string => `${resource.resourceType}/${resource.id}`;

/** What a principal is shown, row by row; values that no leaf criterion finds for her are left out. */
async function shownTo(client: Client): Promise<Indexed[]> {
  const replies = await Promise.all(everything.map((one) => client.get(keyOf(one))));
  const rows = replies.flatMap((reply) =>
    reply.status === 200
      ? [{ resource: reply.json as Resource, values: indexer().indexOf(reply.json as Resource) }]
      : [],
  );
  const masked = new Set(
    rows
      .filter((row) => JSON.stringify(row.resource.meta).includes('SUBSETTED'))
      .map((row) => row.resource.resourceType),
  );
  for (const type of masked) {
    for (const param of searchableParams(r4, type).values()) {
      if (param.code.startsWith('_')) continue;
      const held = found(await client.get(`${type}?${param.code}:missing=false&_count=500`));
      for (const row of rows) {
        if (row.resource.resourceType === type && !held.includes(keyOf(row))) blank(row, param);
      }
    }
  }
  // A search by member would tell of members that are not shown.
  for (const row of rows) {
    if (row.resource.resourceType === 'Group') {
      row.values.tokens = row.values.tokens.filter((word) => !word.startsWith('Group.member='));
    }
  }
  return rows;
}

function blank({ resource, values }: Indexed, param: SearchParam): void {
  const type = resource.resourceType;
  values.tokens = values.tokens.filter(
    (word) => !word.startsWith(`${type}.${param.code}=`) && !word.startsWith(`${type}.${param.code}:`),
  );
  values.strings = values.strings.filter((entry) => !(param.parts ?? [param.code]).includes(entry.code));
  values.dates = values.dates.filter((entry) => entry.code !== param.code);
}

const escaped = (text: string): string => text.replace(/[\\,|$]/g, '\\$&');

/** A criterion that holds for a row of the whole database, as `parameter=value`. */
function leafOf({ resource, values }: Indexed): fc.Arbitrary<[string, string]> {
  const params = searchableParams(r4, resource.resourceType);
  const words = values.tokens.flatMap((word): [string, string][] => {
    const [, code = '', value = ''] = /^[A-Za-z]+\.([a-z-]+)=([^|]*)$/.exec(word) ?? [];
    return code !== '' && value !== '' && params.has(code) ? [[code, escaped(value)]] : [];
  });
  const texts = values.strings.flatMap(({ code, value }): [string, string][] => {
    const text = value.split('\u0001')[0] ?? '';
    return params.has(code) && text !== '' ? [[code, escaped(text)]] : [];
  });
  const dates = values.dates.flatMap(({ code, low }): [string, string][] =>
    params.has(code) && low !== null ? [[code, low.slice(0, 10)]] : [],
  );
  const all: [string, string][] = [['_id', resource.id ?? ''], ['_id:missing', 'false'], ...words, ...texts, ...dates];
  return fc
    .constantFrom(...all)
    .chain(([code, value]) =>
      fc.constantFrom<[string, string][]>(
        [code, value],
        [code, value],
        ...(code.startsWith('_')
          ? []
          : [[`${code}:missing`, 'false'] as [string, string], [`${code}:missing`, 'true'] as [string, string]]),
      ),
    );
}

/** `[type, name, value]` of a walk that ends at a row, taken backwards from there. */
function walk(end: Indexed, hops: number): fc.Arbitrary<[string, string, string]> {
  const leaf = leafOf(end).map(([name, value]): [string, string, string] => [end.resource.resourceType, name, value]);
  return hops === 0 ? leaf : leaf.chain((at) => step(end, at, hops));
}

function step(
  here: Indexed,
  [type, name, value]: [string, string, string],
  hops: number,
): fc.Arbitrary<[string, string, string]> {
  if (hops === 0) return fc.constant([type, name, value]);
  const ways: { next: Indexed; path: string }[] = [];
  for (const from of everything) {
    for (const code of referring(from, here)) ways.push({ next: from, path: `${code}:${type}.${name}` });
    for (const code of referring(here, from)) ways.push({ next: from, path: `_has:${type}:${code}:${name}` });
  }
  if (ways.length === 0) return fc.constant([type, name, value]);
  return fc
    .constantFrom(...ways)
    .chain(({ next, path }) => step(next, [next.resource.resourceType, path, value], hops - 1));
}

function referring(from: Indexed, to: Indexed): string[] {
  const key = keyOf(to);
  return from.values.tokens.flatMap((word) => {
    const [, code = '', value] = /^[A-Za-z]+\.([a-z-]+)=(.*)$/.exec(word) ?? [];
    const param = searchableParams(r4, from.resource.resourceType).get(code);
    const reaches = param?.targets.length === 0 || param?.targets.includes(to.resource.resourceType) === true;
    return value === key && param?.type === 'reference' && reaches ? [code] : [];
  });
}

test.each(PRINCIPALS)(
  '%s',
  async (who) => {
    const client = service.as(who);
    const rows = await shownTo(client);
    const shown = new Map(rows.map((row) => [keyOf(row), row]));
    const through: Rows = {
      row: (key) => shown.get(key) ?? null,
      all: (type) => rows.filter(({ resource }) => resource.resourceType === type),
    };
    const whole: Rows = {
      row: (key) => everything.find((row) => keyOf(row) === key) ?? null,
      all: (type) => everything.filter(({ resource }) => resource.resourceType === type),
    };
    let hits = 0;
    let guarded = 0;
    const asked = fc
      .constantFrom(...everything)
      .chain((end) => fc.integer({ min: 1, max: 3 }).chain((hops) => walk(end, hops)));
    await fc.assert(
      fc.asyncProperty(asked, async ([type, name, value]) => {
        const pairs: [string, string][] = [[name, value]];
        const { query } = parseSearch(type, pairs, {
          definitions: r4,
          bases: [service.base],
          lenient: false,
          maxCount: 500,
        });
        const text = new URLSearchParams(pairs).toString();
        const reply = await client.get(`${type}?${text}&_count=500&_total=accurate`);
        // A type that is closed to her is refused whatever is asked.
        if (reply.status !== 200) {
          expect([text, reply.status, (await client.get(`${type}?_id=nobody`)).status]).toEqual([
            text,
            reply.status,
            reply.status,
          ]);
          return;
        }
        const answer = (among: Indexed[], rowsOf: Rows): string[] =>
          among
            .filter(({ resource, values }) => matches(query, resource, values, rowsOf))
            .sort(compareFor(query))
            .map(keyOf);
        const expected = answer(rows, through);
        expect([text, found(reply), reply.json.total]).toEqual([text, expected, expected.length]);
        hits += expected.length > 0 ? 1 : 0;
        // Had hidden rows led anywhere, visible rows would have been found by them.
        const leaked = answer(rows, whole);
        guarded += leaked.length === expected.length ? 0 : 1;
      }),
      { numRuns: 60 },
    );
    if (who !== 'mother') expect([who, hits > 10, guarded > 1]).toEqual([who, true, true]);
  },
  60_000,
);
