/**
 * The nightly join against the HR file (domain.md 1.8): who has left by it and still has a role here, whom it does not name,
 * and keyed hashes for own records and for kin and neighbours. It ends nobody: a file that went
 * wrong must not shut out a service; the differences are listed for those who keep the directory (Q15).
 */
import { setImmediate } from 'node:timers/promises';
import { auditColumns } from '../audit/entry.ts';
import { jobEntry } from '../oversight/job-entry.ts';
import { isKeeper } from '../oversight/proposals.ts';
import { kinKeys } from '../record/kinship.ts';
import { NO_FACTS } from '../record/own-interest.ts';
import type { Context, Door } from '../record/types.ts';
import {
  countHrPeople,
  type HrDifference,
  type HrPerson,
  type HrRead,
  hrDifferences,
  keepHrRead,
  lastHrReads,
  ownKeys,
  peopleByStaffNumber,
  replaceHrPeople,
} from '../store/models/hr.ts';
import { inTransaction } from '../store/transaction.ts';
import { writeRows } from '../store/write.ts';
import { STAFF_NUMBER } from './columns.ts';
import { type HrLine, readHrFile } from './hr-file.ts';

/** A file older than this says nothing of who has left since. */
export const STALE_DAYS = 3;
const MOST_FAULTS = 50;
/** A file with fewer people than this part of the last one was cut short. */
const LEAST_PART = 0.5;
const STRETCH = 200;
const DAY = 86_400_000;

/** The file as it lies there; null text = it could not be read. */
export interface HrFile {
  text: string | null;
  writtenAt: Date | null;
}

/** Reads it into the keys and the list of differences; what is wrong with it leaves all as it was. */
export async function joinHrFile(door: Door, { text, writtenAt }: HrFile): Promise<HrRead> {
  const now = door.clock();
  const read = { at: now, fileAt: writtenAt, taken: false, people: 0, unknown: 0, faults: [] as string[] };
  if (text === null) return kept(door, { ...read, faults: ['The file could not be read, or is not UTF-8'] });
  const { people, faults, usable } = readHrFile(text);
  read.faults = faults
    .slice(0, MOST_FAULTS)
    .map(({ where, column, text: words }) => `${where}, ${column ?? ''}: ${words}`);
  read.people = people.length;
  const known = await peopleByStaffNumber(door.pool, STAFF_NUMBER);
  const matched = people.flatMap((line) => {
    const person = known.get(line.staffNumber);
    return person === undefined ? [] : [{ person, line }];
  });
  read.unknown = people.length - matched.length;
  const before = await countHrPeople(door.pool);
  if (!usable || matched.length === 0 || matched.length < before * LEAST_PART)
    return kept(door, {
      ...read,
      faults: [...read.faults, `Not taken: it names ${matched.length} of the directory, the last one ${before}`],
    });
  const named = new Set(matched.map(({ person }) => person));
  const absent = [...new Set(known.values())].filter((person) => !named.has(person));
  await take(door, matched, absent);
  return kept(door, { ...read, taken: true });
}

async function take(
  door: Door,
  matched: readonly { person: string; line: HrLine }[],
  absent: readonly string[],
): Promise<void> {
  const people = await peopleOf(door, matched);
  people.push(...absent.map((person) => ({ person, keys: [], lastDay: null, absent: true })));
  const present = await ownKeys(door.pool);
  const changed = matched.flatMap(({ person, line }) => {
    const key = line.nhsNumber === null ? null : door.personKey(line.nhsNumber);
    return key === null || present.get(person) === key ? [] : [{ person, key }];
  });
  const directory = changed.map(({ person, key }) => ({
    source: `own-number:${person}`,
    member: person,
    entry: { kind: 'own-record' as const, member: person, key },
  }));
  await inTransaction(door.pool, async (db) => {
    await replaceHrPeople(db, people);
    const facts = { ...NO_FACTS, sources: directory.map(({ source }) => source), directory, generation: true };
    const entry = jobEntry('HR file', door.clock(), {
      action: 'U',
      rules: ['R-11'],
      detail: `HR file: ${matched.length} people, ${changed.length} own numbers`,
      entities: ['Practitioner'],
    });
    await writeRows(db, { rows: [], facts: changed.length === 0 ? null : facts, audit: [auditColumns(entry)] });
  });
  door.wake();
}

/** In small stretches: five keyed hashes for each of 20,000 people would hold up requests for a second. */
async function peopleOf(door: Door, matched: readonly { person: string; line: HrLine }[]): Promise<HrPerson[]> {
  const people: HrPerson[] = [];
  for (const { person, line } of matched) {
    if (people.length % STRETCH === 0) await setImmediate();
    people.push({ person, keys: keysOf(door, line), lastDay: line.lastDay, absent: false });
  }
  return people;
}

function keysOf(door: Door, { familyNames, postcode, address, birthDate }: HrLine): string[] {
  const born = birthDate === null ? null : Number(birthDate.slice(0, 4));
  return kinKeys({ familyNames, postcode, address, born }, door.personKey);
}

async function kept(door: Door, read: HrRead): Promise<HrRead> {
  await keepHrRead(door.pool, read);
  const counts = { people: read.people, unknown: read.unknown, faults: read.faults.length };
  if (!read.taken) door.log.warn('the HR file was not taken', counts);
  else if (isStale(read.fileAt, read.at)) door.log.warn('the HR file is old: nobody knows who has left since', counts);
  else door.log.info('the HR file was read', counts);
  return read;
}

export function isStale(fileAt: Date | null, now: Date): boolean {
  return fileAt === null || now.getTime() - fileAt.getTime() > STALE_DAYS * DAY;
}

export interface HrState {
  /** The last try; null = no file was ever read. */
  last: HrRead | null;
  /** The last one that was taken: the one that counts. */
  taken: HrRead | null;
  stale: boolean;
  differences: HrDifference[];
}

/** For those who keep the directory; the page that shows it records the look. */
export async function hrState(door: Door, context: Context): Promise<HrState> {
  if (!isKeeper(context.principal)) return { last: null, taken: null, stale: false, differences: [] };
  const [{ last, taken }, differences] = await Promise.all([
    lastHrReads(door.pool),
    hrDifferences(door.pool, context.now),
  ]);
  const stale = last !== null && isStale(taken?.fileAt ?? null, context.now);
  return { last, taken, stale, differences };
}
