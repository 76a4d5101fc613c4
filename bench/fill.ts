/** Fills a store through the record's own door: the directory with PUT, then whole families as transactions. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { Pool } from 'undici';
import { directory } from './directory.ts';
import type { Entry } from './draft.ts';
import { type Area, familyBundle, placeOf } from './families.ts';
import { nhsNumberOf, personOf } from './names.ts';

/** What the operations must know of a family in the store. */
export interface StoredFamily {
  number: number;
  nhsNumber: string;
  family: string;
  given: string;
  shared: boolean;
  /** Of the practitioner's caseload. */
  own: boolean;
  /** Ids. */
  mother: string;
  encounters: string[];
  /** Findings that health visiting recorded, so that its system may change them. */
  findings: string[];
}

/** Transactions under way at once. */
const LANES = 12;
/** Tries of one request that the service answers with 5xx. */
const ATTEMPTS = 20;

export interface FillOptions {
  area: Area;
  port: number;
  token: string;
  manifest: string;
  /** Civil date. */
  today: string;
  progress(done: number, perSecond: number): void;
}

/** Families the manifest already holds. */
export function storedFamilies(manifest: string): StoredFamily[] {
  if (!existsSync(manifest)) return [];
  const lines = readFileSync(manifest, 'utf8').split('\n');
  return lines.filter((line) => line.endsWith('}')).map((line): StoredFamily => JSON.parse(line));
}

/**
 * Writes families until the manifest holds `area.families`; what is there already stays. A family that was under way
 * when an earlier fill was stopped is in the store without being in the manifest: nothing asks for it.
 * @returns how many requests had to be repeated because the service answered 5xx
 */
export async function fill(options: FillOptions): Promise<number> {
  const { area, port, token, manifest } = options;
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: LANES });
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/fhir+json' };
  let repeats = 0;
  const send = async (method: 'PUT' | 'POST', path: string, body: unknown): Promise<string> => {
    for (let attempt = 1; ; attempt += 1) {
      const response = await pool.request({ method, path: `/fhir/R4${path}`, headers, body: JSON.stringify(body) });
      const text = await response.body.text();
      if (response.statusCode < 300) return text;
      // Nothing of a refused transaction stays, so it may be sent again; each time is counted and told.
      if (response.statusCode < 500 || attempt >= ATTEMPTS) {
        throw new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 1_500)}`);
      }
      repeats += 1;
    }
  };
  for (const resource of directory({ hv: area.hvTeams, mw: area.mwTeams })) {
    await send('PUT', `/${resource.resourceType}/${resource.id}`, resource);
  }
  const known = new Set(storedFamilies(manifest).map(({ number }) => number));
  const left = Array.from({ length: area.families }, (_, i) => i).filter((i) => !known.has(i));
  const began = performance.now();
  let next = 0;
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let number = left[next++]; number !== undefined; number = left[next++]) {
      const { entries, shared } = familyBundle(area, number, options.today);
      const text = await send('POST', '', { resourceType: 'Bundle', type: 'transaction', entry: entries });
      appendFileSync(manifest, `${JSON.stringify(stored(area, number, { entries, shared, text }))}\n`);
      done += 1;
      if (done % 100 === 0) options.progress(known.size + done, (done * 1_000) / (performance.now() - began));
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  await pool.close();
  return repeats;
}

function stored(area: Area, number: number, sent: { entries: Entry[]; shared: boolean; text: string }): StoredFamily {
  const ids = [...sent.text.matchAll(/"location":"[^"]*\/[A-Za-z]+\/([A-Za-z0-9.-]+)\/_history/g)].map(
    ([, id]) => id ?? '',
  );
  if (ids.length !== sent.entries.length) throw new Error(`family ${number}: ${ids.length} locations in the answer`);
  const idsOf = (wanted: (entry: Entry) => boolean) =>
    sent.entries.flatMap((entry, i) => (wanted(entry) ? [ids[i] ?? ''] : []));
  const isFinding = ({ resource }: Entry) =>
    resource.resourceType === 'Observation' && JSON.stringify(resource.performer).includes('Organization/hv-service');
  const { shared, hv } = placeOf(area, number);
  return {
    number,
    nhsNumber: nhsNumberOf(number),
    ...personOf(number),
    shared,
    own: shared && hv === 0,
    mother: ids[0] ?? '',
    encounters: idsOf(({ resource }) => resource.resourceType === 'Encounter'),
    findings: idsOf(isFinding),
  };
}
