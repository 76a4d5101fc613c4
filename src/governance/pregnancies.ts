/** Which pregnancy a row belongs to (house.md section 4): by episode, encounter or identifier; else by its date. */
import type { Resource } from '../fhir/types.ts';
import { codes, hasCode, isTo, object, objects, ref, refs, text } from './elements.ts';
import { plusDays, startOf } from './instants.ts';
import { CANON, SNOMED } from './vocabulary.ts';

/** What leads the store to the pregnancy of a row, best first: key, episode, encounter, instant (ISO UTC). */
export interface PregnancyHints {
  identifier?: string;
  episode?: string;
  encounter?: string;
  date?: string;
}

/** A pregnancy as a maternity episode tells it; it runs until the next one begins (`until` null). */
export interface PregnancyRow {
  key: string;
  mother: string;
  from: string;
  until: string | null;
}

const PREGNANCY_ID = `${CANON}/Id/pregnancy`;
const MATERNITY = ['714088003', '714089006'];
/** Booking is by 10+0 (domain.md 1.2), so what was recorded up to 70 days before it is of the same pregnancy. */
const BEFORE_BOOKING_DAYS = 70;
const NO_PREGNANCY = ['Patient', 'RelatedPerson', 'Person', 'Group', 'Consent'];

/** Elements that date a resource clinically, best first; periods by their start. */
const DATES = [
  'effectiveDateTime', 'effectivePeriod', 'effectiveInstant', 'occurrenceDateTime', 'performedDateTime', 'performedPeriod',
  'period', 'start', 'authored', 'authoredOn', 'recordedDate', 'startDate', 'statusDate', 'date', 'created', 'sent',
  'issued', 'recorded', 'dateTime', 'onsetDateTime',
] as const; // biome-ignore format: best first

/** Hints of one resource; none for what belongs to the woman rather than to one pregnancy. */
export function pregnancyHintsOf(resource: Resource, now: Date): PregnancyHints {
  if (NO_PREGNANCY.includes(resource.resourceType)) return {};
  const hints: PregnancyHints = {};
  const key = keyOf(resource);
  if (key !== null) hints.identifier = key;
  const episode = [...refs(resource.episodeOfCare), ...refs(object(resource.context)?.encounter)].find((one) =>
    isTo(one, 'EpisodeOfCare'),
  );
  if (episode !== undefined) hints.episode = episode;
  const context = object(resource.context);
  const encounter = ref(resource.encounter) ?? ref(context ?? undefined) ?? ref(context?.encounter);
  if (encounter !== null && isTo(encounter, 'Encounter')) hints.encounter = encounter;
  hints.date = dateOf(resource) ?? now.toISOString();
  return hints;
}

/** The pregnancy a maternity episode opens; health visiting episodes find theirs by date. */
export function pregnanciesOf(resource: Resource): PregnancyRow[] {
  const key = isMaternityEpisode(resource) ? keyOf(resource) : null;
  const mother = ref(resource.patient);
  const start = startOf(text(object(resource.period)?.start));
  if (key === null || mother === null || start === null) return [];
  return [{ key, mother, from: plusDays(start, -BEFORE_BOOKING_DAYS), until: null }];
}

/** The pregnancy's own number where the resource bears it; a maternity episode without one stands for its pregnancy. */
function keyOf(resource: Resource): string | null {
  const number = objects(resource.identifier).find((one) => one.system === PREGNANCY_ID);
  const value = text(number?.value);
  if (value !== null && resource.resourceType !== 'Patient') return `${PREGNANCY_ID}|${value}`;
  return isMaternityEpisode(resource) && resource.id !== undefined ? `EpisodeOfCare/${resource.id}` : null;
}

function isMaternityEpisode(resource: Resource): boolean {
  if (resource.resourceType !== 'EpisodeOfCare' || resource.status === 'entered-in-error') return false;
  return hasCode(codes(resource.type), SNOMED, ...MATERNITY);
}

function dateOf(resource: Resource): string | null {
  for (const name of DATES) {
    const value = resource[name];
    const found = startOf(text(value) ?? text(object(value)?.start));
    if (found !== null) return found;
  }
  // A care team is of the pregnancy its newest member joined it for.
  const periods = objects(resource.participant).flatMap((one) => startOf(text(object(one.period)?.start)) ?? []);
  return periods.sort().at(-1) ?? null;
}
