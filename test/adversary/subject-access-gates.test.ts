/** Attacks on a request for a record from inside it: who asks for whom, what hides in words and files, and what changes after. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reference } from '../../src/care/canon.ts';
import type { Resource } from '../../src/fhir/types.ts';
import { agreeItems, decideItem, releaseItems, reviewItem } from '../../src/oversight/sar/decisions.ts';
import { openFile } from '../../src/oversight/sar/files.ts';
import { readQueue } from '../../src/oversight/sar/queue.ts';
import { openRequest } from '../../src/oversight/sar/requests.ts';
import { nameProfessional } from '../../src/oversight/sar/steps.ts';
import { practitionerRole } from '../harness/directory.ts';
import { nhsNumberOf, note } from '../harness/family.ts';
import { pdfText } from '../harness/pdf-text.ts';
import { type Service, startService } from '../harness/service.ts';
import { GUARDIAN, NURSE, OFFICER, workbench } from '../harness/subject-access.ts';

const [HERS, NAMED, MOVED, KIN] = [110_001, 110_002, 110_003, 110_004].map(nhsNumberOf) as [
  string,
  string,
  string,
  string,
];
const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const labelled = (code: string, system = CONFIDENTIALITY) => ({ meta: { security: [{ system, code }] } });

const patient = (id: string, nhsNumber: string, more: object = {}): Resource => ({
  resourceType: 'Patient',
  id,
  active: true,
  identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: nhsNumber }],
  name: [{ family: 'Fixture', given: ['Aisha'] }],
  birthDate: '1998-05-04',
  address: [{ line: ['7 Hiddenway'], postalCode: 'ZZ9 1AB' }],
  ...more,
});
const base64 = (text: string) => Buffer.from(text).toString('base64');
const document = (id: string, title: string, text: string, contentType = 'text/plain'): Resource => ({
  resourceType: 'DocumentReference',
  id,
  status: 'current',
  subject: reference('Patient/hers'),
  content: [{ attachment: { contentType, title, data: base64(text) } }],
});

let service: Service;
let desk: ReturnType<typeof workbench>;
beforeAll(async () => {
  service = await startService();
  desk = workbench(service, HERS);
  await service.directory();
  const partner: Resource = {
    resourceType: 'RelatedPerson',
    id: 'hers-danny',
    patient: reference('Patient/hers'),
    name: [{ family: 'Fixture', given: ['Dánny'] }],
  };
  await service.load([
    ...[patient('hers', HERS), patient('named', NAMED), patient('moved', MOVED), partner],
    note('hers-plain1', 'hers', 'Plainwords'),
    note('hers-said2', 'hers', 'she says DANNY is at sea'),
    note('hers-harm3', 'hers', 'Harmwords'),
    document('hers-file4', 'letter_danny_2024.txt', 'Filewords'),
    {
      resourceType: 'Provenance',
      id: 'hers-prov5',
      target: [reference('Observation/hers-plain1')],
      recorded: '2026-03-01T10:00:00Z',
      agent: [{ who: { reference: 'RelatedPerson/hers-danny', display: 'Danny' } }],
    },
    note('named-note1', 'named', 'Namedwords'),
    { ...practitionerRole('mw-priya'), id: 'mw-and-officer', practitioner: reference('Practitioner/sar-1') },
  ]);
  await service.load([{ ...patient('named', NAMED), ...labelled('V') }]);
}, 60_000);
afterAll(() => service?.close());

describe('who asks, and for whom', () => {
  test('a woman of named people is to the officer as a number that nobody has; her Guardian keeps such a request', async () => {
    const asked = (nhsNumber: string) => ({
      ...{ nhsNumber, reason: 'A request of the tests', asker: 'self' as const, received: '2026-01-05' },
      ...{ wantsAccesses: false, wantsVersions: false, handover: 'By hand' },
    });
    const told = async (nhsNumber: string) =>
      openRequest(desk.door(), await desk.as(OFFICER), asked(nhsNumber)).catch(({ status, message }) => ({
        status,
        message,
      }));
    const [named, nobody] = [await told(NAMED), await told(nhsNumberOf(110_099))];
    expect(named).toEqual(nobody);
    expect(named).toMatchObject({ status: 404 });
    const ref = await desk.request({ nhsNumber: NAMED }, GUARDIAN);
    // In the officer's list it is a reference; she opens nothing of it.
    await expect(desk.read(ref, OFFICER)).rejects.toMatchObject({ status: 403 });
    await expect(desk.copy(ref, 'fhir')).rejects.toMatchObject({ status: 403 });
  });

  test('somebody who asks for another shows what lets her before anything is collected; danger at home asks for a check', async () => {
    await expect(desk.request({ asker: 'representative', wantsAccesses: true })).rejects.toMatchObject({ status: 422 });
    const opened = openRequest(desk.door(), await desk.as(OFFICER), {
      ...{ nhsNumber: MOVED, reason: 'A request of the tests', asker: 'representative', received: '2026-01-05' },
      ...{ wantsAccesses: false, wantsVersions: false, handover: 'By hand' },
    });
    const bare = await opened;
    await desk.act(bare, OFFICER, 'verify');
    const { collect } = await import('../../src/oversight/sar/collect.ts');
    await expect(collect(desk.door(), await desk.as(OFFICER), bare)).rejects.toThrow(/lets this person ask/);
    const points = async (ref: string) => (await desk.read(ref, OFFICER)).points.map(({ point }) => point);
    expect(await points(bare)).toContain('authority');
    await expect(desk.act(bare, OFFICER, 'refuse', 'No authority was shown')).resolves.toBeUndefined();

    const ref = await desk.request({ nhsNumber: MOVED, asker: 'representative' });
    expect(await points(ref)).not.toContain('interest');
    await service.load([{ ...note('moved-danger', 'moved', 'Dangerwords'), ...labelled('SDV', ACT) }]);
    expect(await points(ref)).toContain('interest');
    await desk.act(ref, OFFICER, 'interest');
    expect(await points(ref)).toContain('interest');
    await desk.act(ref, NURSE, 'interest');
    expect(await points(ref)).not.toContain('interest');
  });

  test('who is related to her by the record keeps no request about her, and nobody names herself', async () => {
    const ref = await desk.request();
    const own = { resourceType: 'Parameters', parameter: [{ name: 'nhsNumber', valueString: KIN }] };
    await service.load([
      {
        resourceType: 'RelatedPerson',
        id: 'hers-kin',
        patient: reference('Patient/hers'),
        identifier: [{ system: 'https://fhir.nhs.uk/Id/nhs-number', value: KIN }],
      },
    ]);
    const { version } = (await desk.read(ref, GUARDIAN)).job;
    const herself = { reference: ref, professional: 'PractitionerRole/mw-and-officer', version };
    await expect(nameProfessional(desk.door(), await desk.as(OFFICER), herself)).rejects.toThrow(/another person/);
    expect((await service.as('ig-officer').post('Practitioner/sg-moira/$own-number', own)).status).toBe(204);
    await expect(desk.read(ref, NURSE)).rejects.toMatchObject({ status: 403 });
    const none = { resourceType: 'Parameters', parameter: [{ name: 'nhsNumber', valueString: nhsNumberOf(110_050) }] };
    expect((await service.as('ig-officer').post('Practitioner/sg-moira/$own-number', none)).status).toBe(204);
    await desk.act(ref, GUARDIAN, 'withdraw', 'She said so herself, by phone');
  });
});

describe('what is held back for serious harm', () => {
  test('is decided anew by nobody but the health professional, behind no page either', async () => {
    const ref = await desk.request();
    const harm = (await desk.queue(ref)).find(({ id }) => id === 'hers-harm3')?.n ?? 0;
    const held = {
      reference: ref,
      n: harm,
      verdict: 'withhold',
      code: 'serious-harm',
      paths: [],
      words: 'Would harm',
    } as const;
    await decideItem(desk.door(), await desk.as(NURSE), held);
    await expect(desk.decide(ref, harm, 'release')).rejects.toMatchObject({ status: 403 });
    await expect(desk.decide(ref, harm, 'withhold', [], GUARDIAN)).rejects.toMatchObject({ status: 403 });
    const forged = `insert into sar_decision (job, item, at, by_party, by_name, person, role, verdict, code, paths, words)
      select id, $2, now(), 'PractitionerRole/sar-1', 'S', 'Practitioner/sar-1', 'sar-officer', 'release', null, '{}', '' from sar_job where reference = $1`;
    await expect(service.pool.query(forged, [ref, harm])).rejects.toMatchObject({ code: 'TDS05' });
    const file = (await desk.queue(ref)).find(({ id }) => id === 'hers-file4')?.n ?? 0;
    await desk.decide(ref, file, 'withhold');
    // Her own opinion counts, no earlier named person's.
    await desk.settle(ref);
    await service.pool.query(`update sar_job set professional = 'PractitionerRole/mw-priya' where reference = $1`, [
      ref,
    ]);
    await expect(desk.releaseNow(ref)).rejects.toThrow(/opinion/);
  });
});

describe('other people and files', () => {
  test('names around her are hinted at in free text, file names and provenance, and never decided in bulk', async () => {
    const ref = await desk.request();
    const rows = await desk.queue(ref);
    const hints = (id: string) => rows.find((one) => one.id === id)?.hints ?? null;
    expect(hints('hers-plain1')).toEqual([]);
    expect(hints('hers-said2')).toEqual(['Names somebody around her']);
    expect(hints('hers-file4')).toEqual(['Holds a file: text/plain, 9 bytes', 'Names somebody around her']);
    if (rows.some(({ id }) => id === 'hers-prov5')) expect(hints('hers-prov5')).toContain('Names somebody around her');
    const items = rows.map(({ n }) => n);
    const done = await releaseItems(desk.door(), await desk.as(OFFICER), { reference: ref, items });
    const decided = (await desk.queue(ref)).filter(({ state }) => state === 'second');
    expect([done, decided.length]).toEqual([decided.length, decided.length]);
    expect(decided.every(({ hints: own }) => own.length === 0)).toBe(true);
    expect(decided.map(({ id }) => id)).toContain('hers-plain1');
    const decisions = decided.map(({ n, decision }) => ({ n, decision: decision ?? 0 }));
    expect(await agreeItems(desk.door(), await desk.as(OFFICER), { reference: ref, decisions })).toBe(0);
    expect(await agreeItems(desk.door(), await desk.as(GUARDIAN), { reference: ref, decisions })).toBe(decided.length);
    await desk.act(ref, OFFICER, 'withdraw', 'She said so herself, by phone');
  });

  test('a file leaves when both who decide have opened it, with the PDF too, and not when its words name what stays', async () => {
    await service.load([document('hers-tells6', 'notes.txt', 'compare Observation/hers-harm3')]);
    const ref = await desk.request();
    const rows = await desk.queue(ref);
    const n = (id: string) => rows.find((one) => one.id === id)?.n ?? 0;
    const path = 'content[0].attachment.data';
    const open = async (who: string, id: string) =>
      openFile(desk.door(), await desk.as(who), { reference: ref, n: n(id), path });
    await expect(desk.decide(ref, n('hers-file4'), 'release')).rejects.toThrow(/not opened/);
    // An officer who may not open the item opens no file of it; a stranger neither.
    await expect(open('mw-priya', 'hers-file4')).rejects.toMatchObject({ status: 403 });
    const { name, bytes } = await open(OFFICER, 'hers-file4');
    expect([name.includes('danny'), name.endsWith('.txt'), bytes.toString()]).toEqual([false, true, 'Filewords']);
    await desk.decide(ref, n('hers-file4'), 'release');
    const decision = (await desk.queue(ref)).find(({ id }) => id === 'hers-file4')?.decision ?? 0;
    const agree = { reference: ref, n: n('hers-file4'), decision, agreed: true, words: '' };
    await expect(reviewItem(desk.door(), await desk.as(GUARDIAN), agree)).rejects.toThrow(/not opened/);
    await open(GUARDIAN, 'hers-file4');
    for (const who of [OFFICER, GUARDIAN]) await open(who, 'hers-tells6');
    await desk.decide(ref, n('hers-harm3'), 'withhold');
    await desk.settle(ref);
    await expect(desk.releaseNow(ref)).rejects.toThrow(`Item ${n('hers-tells6')} names item ${n('hers-harm3')}`);
    await desk.decide(ref, n('hers-tells6'), 'redact', [path]);
    await desk.settle(ref);
    // Rows that say otherwise do not help: the release looks at who opened what.
    await desk.releaseNow(ref);
    const opened = await service.pool.query(`select body from audit where body like '%sar-file ' || $1 || '%'`, [ref]);
    expect(opened.rows.length).toBe(5);
    const pdf = pdfText(await desk.copy(ref, 'pdf'));
    expect([pdf.raw.includes('Filewords'), pdf.words.includes('text/plain')]).toEqual([true, true]);
    expect(pdf.raw).not.toMatch(/Harmwords|hers-harm3/);
    expect(pdf.words).toMatch(/saved by/);
    const turned = 'update sar_file_seen set person = $1';
    await expect(service.pool.query(turned, ['x'])).rejects.toMatchObject({ code: '42501' });
  });
});

describe('what becomes stricter after the release', () => {
  test('a restricted address, a moved or raised item: no further copy before a Guardian looked, and no address to others', async () => {
    const [self, other] = [
      await desk.request({ nhsNumber: MOVED }),
      await desk.request({ nhsNumber: MOVED, asker: 'representative' }),
    ];
    await desk.act(other, NURSE, 'interest');
    for (const ref of [self, other]) {
      await desk.settle(ref);
      await desk.releaseNow(ref);
      expect(await desk.fhirOf(ref)).toContain('7 Hiddenway');
    }
    // The named professional keeps no copies, and sees nothing more when it has ended.
    await expect(desk.copy(self, 'pdf', NURSE)).rejects.toMatchObject({ status: 403 });
    const asked = { reference: self, state: null, after: 0 };
    await expect(readQueue(desk.door(), await desk.as(NURSE), asked)).rejects.toMatchObject({ status: 403 });

    await service.load([{ ...patient('moved', MOVED), ...labelled('R') }]);
    for (const ref of [self, other]) await expect(desk.copy(ref, 'pdf')).rejects.toThrow(/address was restricted/);
    await expect(desk.act(self, OFFICER, 'recheck')).rejects.toMatchObject({ status: 409 });
    for (const ref of [self, other]) await desk.act(ref, GUARDIAN, 'recheck');
    expect(await desk.fhirOf(self)).toContain('7 Hiddenway');
    expect(await desk.fhirOf(other)).not.toMatch(/7 Hiddenway|ZZ9 1AB/);

    await service.load([
      { ...note('moved-danger', 'moved', 'Dangerwords'), ...labelled('SDV', ACT), status: 'entered-in-error' },
    ]);
    await expect(desk.fhirOf(self)).rejects.toThrow(/marked as an error/);
  });
});

test('what was withdrawn goes on where it stood, clock and all; an extension comes within the month', async () => {
  const ref = await desk.request();
  await expect(desk.act(ref, OFFICER, 'extend')).rejects.toThrow(/month has passed/);
  await desk.act(ref, OFFICER, 'withdraw', 'She said so herself, by phone');
  const before = (await desk.read(ref, OFFICER)).clock.due;
  await expect(desk.act(ref, OFFICER, 'note')).rejects.toMatchObject({ status: 409 });
  await expect(desk.act(ref, NURSE, 'restore')).rejects.toMatchObject({ status: 409 });
  await desk.act(ref, OFFICER, 'restore', 'It was not she who rang');
  const { job, clock, broken } = await desk.read(ref, OFFICER);
  expect([job.ended, job.ending, clock.due, broken]).toEqual([null, null, before, null]);
});
