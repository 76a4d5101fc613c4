/** The end: an IG officer asks who saw what, when and why, and the seal proves that nobody changed the answer. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { objectsAt, textAt } from '../../src/care/shape.ts';
import type { JsonObject } from '../../src/fhir/types.ts';
import { nameOf, printed } from './family.ts';
import { expect, expectStatus, resourcesOf } from './http.ts';
import { StoryFailure } from './screen.ts';
import { clockTime } from './times.ts';
import type { World } from './world.ts';

const USER = 'IRCP';
const VERIFY = new URL('../../src/audit-verify.ts', import.meta.url);

interface Line {
  at: string;
  who: string;
  /** Resource type. */
  which: string;
  why: string;
  refused: boolean;
}

/** The officer's question and the proof. */
export async function finale(world: World): Promise<void> {
  const { screen, fhir, cast, visited } = world;
  if (visited === undefined) throw new StoryFailure('the finale goes on from S4');
  screen.scene('IG', 'Who saw what, when, and why', [
    `Imran, privacy officer, looks into the record of ${nameOf(visited.family)} (${printed(visited.family.nhsNumber)}). ` +
      'He sees the accesses and no clinical content; his own look is recorded too.',
  ]);
  const seen = await screen.step('Imran', 'asks the access record about her', async () => {
    const events: JsonObject[] = [];
    let path: string | undefined = `AuditEvent?patient=${visited.patient}&_count=200`;
    while (path !== undefined) {
      const page: JsonObject = expectStatus(await fhir.call(cast.imran, 'GET', path), 200).body;
      events.push(...resourcesOf(page));
      const next: JsonObject | undefined = objectsAt(page, 'link').find((link) => link.relation === 'next');
      path = textAt(next, 'url')?.slice(fhir.base.length + 1);
    }
    const text = JSON.stringify(events);
    expect(!text.includes('Meet other parents'), 'the access record holds clinical words');
    return {
      status: 200,
      fact: `${events.length} AuditEvents (IHE BALP), every read, search, write, notice and refusal`,
      events,
    };
  });
  screen.table(tableOf(seen.events.map(lineOf).toReversed()));
  screen.say('');
  await screen.step('Imran', 'asks for the plan itself', async () => {
    const refused = expectStatus(await fhir.call(cast.imran, 'GET', `CarePlan?patient=${visited.patient}`), 403);
    return { status: refused.status, fact: 'who, when and why are his to know; what it says is not (R-26)' };
  });
  await screen.step('Anybody', 'proves the chain of the access record: npm run audit:verify', async () => {
    const words = await verify(world.dataDir);
    return { fact: words ?? 'not reachable from here: run it where the service runs, with its DATA_DIR' };
  });
}

/** Agent types of BALP: who asked, and the software in between. */
const SOFTWARE = '110150';
const SYSTEMS: Readonly<Record<string, string>> = {
  epr: 'EPR, synchronising',
  'hv-system': 'HV system, synchronising',
  tandem: 'Tandem itself: its pathway clock',
};
const NOTICES: Readonly<Record<string, string>> = {
  epr: 'EPR, notified',
  'hv-system': 'HV system, notified',
};

function lineOf(event: JsonObject): Line {
  const of = (code: string) =>
    objectsAt(event, 'agent').find((one) => objectsAt(one, 'type', 'coding').some((coding) => coding.code === code));
  const client = textAt(of(SOFTWARE), 'who', 'identifier', 'value') ?? '?';
  const subtype = textAt(event, 'subtype', 0, 'code');
  const what = objectsAt(event, 'entity').flatMap((one) => textAt(one, 'what', 'reference') ?? []);
  return {
    at: textAt(event, 'recorded') ?? '',
    who: personOf(textAt(of(USER), 'name'), client) ?? (subtype === 'disclose' ? NOTICES : SYSTEMS)[client] ?? client,
    which: (what.find((one) => !one.startsWith('Patient/')) ?? what[0] ?? '').split('/')[0] ?? '',
    why: textAt(event, 'purposeOfEvent', 0, 'coding', 0, 'code') ?? '',
    refused: event.outcome !== '0',
  };
}

function personOf(name: string | undefined, client: string): string | undefined {
  if (name?.startsWith('Patient/')) return 'the mother, on her own page';
  if (name?.startsWith('RelatedPerson/')) return 'her partner';
  return name === undefined || client !== 'epr' ? name : `${name}, in the EPR`;
}

const HEAD = ['from', 'who', 'purpose', 'shown', 'not', 'what'];

/** One line for each person and purpose, in the order of the first time. */
function tableOf(lines: readonly Line[]): string[] {
  const groups = Map.groupBy(lines, ({ who, why }) => `${who}|${why}`);
  const rows = [...groups.values()].map((all): string[] => {
    const refused = all.filter((one) => one.refused).length;
    const what = [...new Set(all.map(({ which }) => which))].filter((one) => one !== '').join(', ');
    const [first] = all;
    const shown = all.length - refused;
    return [
      clockTime(first?.at ?? ''),
      first?.who ?? '',
      first?.why ?? '',
      String(shown),
      String(refused || '-'),
      what,
    ];
  });
  return [HEAD, ...rows].map(([at = '', who = '', why = '', shown = '', refused = '', what = '']) =>
    [at.padEnd(8), who.padEnd(32), why.padEnd(9), shown.padStart(5), refused.padStart(4), shortened(what, 26)].join(
      ' ',
    ),
  );
}

const shortened = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most - 3)}...`;

/** The verdict of `audit:verify` on the same data; undefined when it cannot be reached. @throws StoryFailure when broken */
async function verify(dataDir: string | undefined): Promise<string | undefined> {
  const env = { ...process.env, ...(dataDir === undefined ? {} : { DATA_DIR: dataDir }) };
  const { code, out } = await new Promise<{ code: number | null; out: string }>((resolve) => {
    const child = spawn(process.execPath, [fileURLToPath(VERIFY)], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    child.once('error', () => resolve({ code: 2, out: '' }));
    child.once('exit', (code) => resolve({ code, out: out.trim() }));
  });
  if (code === 1) throw new StoryFailure(out);
  return code === 0 ? out : undefined;
}
