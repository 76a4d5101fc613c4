/** The searches whose times have goals (issue "FHIR that other systems can trust"), by kind. */
import type { StoredFamily } from './fill.ts';

export type Kind = 'narrow' | 'broad' | 'hard' | 'costly';

/** p95 in milliseconds at 4 clients on 1,000,000 resources of a quiet machine; costly ones must be refused in time. */
export const GOALS: Readonly<Record<Kind, { words: string; p95: number }>> = {
  narrow: { words: 'up to 1,000 matches, or sorted on an indexed column', p95: 50 },
  broad: { words: 'broad filter, first page', p95: 100 },
  hard: { words: ':not, :missing, :contains, chains, _has', p95: 250 },
  costly: { words: 'accurate total: counted up to 10,000 matches, refused as too-costly above', p95: 2_000 },
};

export interface Search {
  kind: Kind;
  name: string;
  /** Address after the FHIR base for one family of the caller's reach. */
  path(family: StoredFamily): string;
}

const NUMBER = 'https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C';
const CODE = 'https%3A%2F%2Fbench.example%2Fmeasurement%7C';

const narrow: Search[] = [
  one('one woman by number', ({ nhsNumber }) => `/Patient?identifier=${NUMBER}${nhsNumber}`),
  one('by family and given name', ({ family, given }) => `/Patient?family=${family}&given=${given}`),
  one('her findings, newest first', ({ mother }) => `/Observation?patient=${mother}&_sort=-date`),
  one(
    'her visits since a day, with her',
    ({ mother }) => `/Encounter?patient=${mother}&date=ge2020&_include=Encounter:subject`,
  ),
  one('the findings of a visit', ({ encounters }) => `/Observation?encounter=${encounters[0]}`),
  one('her findings above a value', ({ mother }) => `/Observation?patient=${mother}&value-quantity=gt22`),
  one('all visits, last changed first', () => '/Encounter?_sort=-_lastUpdated'),
  one('all visits, newest first', () => '/Encounter?_sort=-date'),
  one('all women by name', () => '/Patient?_sort=family'),
];

const broad: Search[] = [
  one('findings of a code', () => `/Observation?code=${CODE}first`),
  one('final findings of a category', () => '/Observation?status=final&category=vital-signs'),
  one('finished visits since a day', () => '/Encounter?status=finished&date=ge2020'),
  one('women', () => '/Patient?gender=female'),
  one('findings above a value', () => '/Observation?value-quantity=gt20'),
];

const hard: Search[] = [
  one('findings not of a code', () => `/Observation?code:not=${CODE}first`),
  one('people without a birth date', () => '/Patient?birthdate:missing=true'),
  one('names that contain', ({ family }) => `/Patient?family:contains=${family.slice(1, 4)}`),
  one('findings by the name of the woman', ({ family }) => `/Observation?patient.family=${family}`),
  one(
    'findings by the number of the woman',
    ({ nhsNumber }) => `/Observation?patient.identifier=${NUMBER}${nhsNumber}`,
  ),
  one('women with visits since a day', () => '/Patient?_has:Encounter:patient:date=ge2020'),
  one(
    'women with a finding, by name',
    ({ family }) => `/Patient?family=${family}&_has:Observation:patient:code=${CODE}first`,
  ),
  one('visits of episodes of a team', () => '/Encounter?episode-of-care.status=active'),
];

const costly: Search[] = [
  one('how many findings', () => '/Observation?_total=accurate'),
  one('how many visits since a day', () => '/Encounter?date=ge2020&_summary=count'),
];

export const SEARCHES: readonly Search[] = [
  ...narrow.map((search) => ({ ...search, kind: 'narrow' as const })),
  ...broad.map((search) => ({ ...search, kind: 'broad' as const })),
  ...hard.map((search) => ({ ...search, kind: 'hard' as const })),
  ...costly.map((search) => ({ ...search, kind: 'costly' as const })),
];

function one(name: string, path: Search['path']): Search {
  return { kind: 'narrow', name, path };
}
