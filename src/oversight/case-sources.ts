/** What a case may be opened about: an NHS number, a person, an alert, an access that oversight marked, an access of a sample. */
import { SMALL } from '../audit/alert-rules.ts';
import { NHS_NUMBER } from '../fhir/identifiers.ts';
import { refuse } from '../fhir/outcome.ts';
import type { Door } from '../record/types.ts';
import { word, wordPrefix } from '../search/words.ts';
import { familyByWords, familyOfPatients } from '../store/models/access-record.ts';
import { alertByReference, takeAlert, takeSmallAlerts } from '../store/models/alerts.ts';
import { itemsOf, reviewItem } from '../store/models/samples.ts';
import type { PoolClient } from '../store/pool.ts';

export type CaseSource =
  | { nhsNumber: string }
  /** Reference of an open alert. */
  | { alert: string }
  /** Number of a sealed record that oversight has marked. */
  | { access: number }
  /** One access of a random sample. */
  | { sample: number; item: number }
  /** Everything one person or system did: `PractitionerRole/..` or a client id. */
  | { person: string };

export interface Found {
  patients: string[];
  parties: string[];
  /** Takes what the case is about off its list, in the case's own commit. @throws Outcome 409 when a colleague was faster */
  take: (client: PoolClient, opened: { id: number; reference: string; by: string; at: Date }) => Promise<void>;
}

const nothingToTake = async (): Promise<void> => undefined;

/** What is there to open a case about, or null. */
export async function sourceOf(door: Door, source: CaseSource): Promise<Found | null> {
  if ('nhsNumber' in source) return byNumber(door, source.nhsNumber);
  if ('alert' in source) return byAlert(door, source.alert);
  if ('sample' in source) return bySample(door, source);
  if ('person' in source) return { patients: [], parties: [source.person], take: nothingToTake };
  const { rows } = await door.pool.query<{ patient: string; party: string }>(
    'select distinct patient, party from oversight_access where seq = $1',
    [source.access],
  );
  if (rows.length === 0) return null;
  const named = rows.map(({ patient }) => patient).filter((one) => one !== '');
  const patients = await familyOfPatients(door.pool, [...new Set(named)]);
  return { patients, parties: [...new Set(rows.map(({ party }) => party))], take: nothingToTake };
}

async function byNumber(door: Door, nhsNumber: string): Promise<Found | null> {
  const words = [word(wordPrefix('Patient', 'identifier'), `${NHS_NUMBER}|${nhsNumber}`)];
  const { family } = await familyByWords(door.pool, words);
  return family.length === 0 ? null : { patients: family, parties: [], take: nothingToTake };
}

async function byAlert(door: Door, reference: string): Promise<Found | null> {
  const alert = await alertByReference(door.pool, reference);
  if (alert === null || alert.state !== 'open') return null;
  const patients = alert.patient === '' ? [] : await familyOfPatients(door.pool, [alert.patient]);
  return {
    patients,
    parties: alert.party === '' ? [] : [alert.party],
    take: async (client, { id }) => {
      if (!(await takeAlert(client, alert.id, id)))
        throw refuse(409, 'conflict', 'A colleague has taken this alert into a case.');
      // what repeated is one case.
      if (alert.rule === 'A-19') await takeSmallAlerts(client, { party: alert.party, at: alert.at, rules: SMALL }, id);
    },
  };
}

async function bySample(door: Door, { sample, item }: { sample: number; item: number }): Promise<Found | null> {
  const found = (await itemsOf(door.pool, sample)).find(({ n, state }) => n === item && state === 'open');
  if (found === undefined) return null;
  return {
    patients: await familyOfPatients(door.pool, [found.patient]),
    parties: [found.party],
    take: async (client, { reference, by, at }) => {
      const into = { sample, n: item, state: 'in-case' as const, words: reference };
      if (!(await reviewItem(client, into, { party: by, at })))
        throw refuse(409, 'conflict', 'A colleague has looked at this access already.');
    },
  };
}
