import { beforeEach, describe, expect, test } from '@jest/globals';
import { questionnaireUrl, reference } from '../../../src/care/canon.ts';
import { ROLE_CODE } from '../../../src/care/family.ts';
import { accept } from '../../../src/care/operations/accept.ts';
import { proposeVisit, respond } from '../../../src/care/operations/book.ts';
import { extractApply, extractOperation } from '../../../src/care/operations/extract-operation.ts';
import { adoptReferral, refer } from '../../../src/care/operations/refer.ts';
import { recomputeForEdd, releaseHeld } from '../../../src/care/operations/referral-clock.ts';
import { applyReferralEvent } from '../../../src/care/operations/referral-event.ts';
import { careOperation, runCareOperation } from '../../../src/care/operations/routes.ts';
import { release, sign } from '../../../src/care/operations/sign-and-release.ts';
import { triage } from '../../../src/care/operations/triage.ts';
import { visitEvent } from '../../../src/care/operations/visit.ts';
import type { CarePort } from '../../../src/care/ports.ts';
import { eddObservation } from '../../../src/care/pregnancy.ts';
import { readReferral } from '../../../src/care/referral.ts';
import { objectsAt, textAt } from '../../../src/care/shape.ts';
import { SHARING_POLICY } from '../../../src/care/sharing.ts';
import { answers, HEALTH_VISITOR, MIDWIFE } from './assessment.ts';
import { type Memory, memory } from './memory-port.ts';

const REQUEST = {
  patient: 'Patient/p1',
  performer: 'HealthcareService/hv',
  owner: 'CareTeam/duty',
  recipient: 'Organization/hv',
};
const DECISION = { pathway: 'enhanced-joint-visit', level: 'targeted', rationale: 'twins, first babies' };
const TIME = { start: '2026-06-08T10:00:00+01:00', end: '2026-06-08T11:30:00+01:00' };
const PROPOSAL = { practitioners: [MIDWIFE, HEALTH_VISITOR], slots: ['Slot/s1', 'Slot/s2'], ...TIME };

let store: Memory;
let priya: CarePort;
let helen: CarePort;

const slot = (id: string): void =>
  store.put({ resourceType: 'Slot', id, status: 'free', schedule: reference('Schedule/x'), ...TIME });

function consent(type: 'permit' | 'deny'): void {
  const actor = [{ reference: reference('Organization/hv') }];
  store.put({
    resourceType: 'Consent',
    id: 'c1',
    status: 'active',
    patient: reference('Patient/p1'),
    policy: [{ uri: SHARING_POLICY }],
    provision: { type, actor },
  });
}

function edd(from: { lmp: string } | { scan: string }, id: string, on: string): void {
  const patient = reference('Patient/p1');
  store.put({ ...eddObservation({ patient, from, on, performer: reference(MIDWIFE) }), id });
}

beforeEach(() => {
  store = memory();
  priya = store.as(MIDWIFE, 'Organization/maternity');
  helen = store.as(HEALTH_VISITOR, 'Organization/hv');
  store.put({ resourceType: 'PractitionerRole', id: 'mw-1', code: [{ coding: [ROLE_CODE.midwife] }] });
  store.put({ resourceType: 'PractitionerRole', id: 'hv-1', code: [{ coding: [ROLE_CODE['health-visitor']] }] });
  consent('permit');
  edd({ lmp: '2025-12-29' }, 'edd-lmp', '2026-03-02');
  slot('s1');
  slot('s2');
});

async function referred(): Promise<string> {
  const { serviceRequest } = await refer(priya, REQUEST);
  return serviceRequest.id ?? '';
}

async function triaged(): Promise<string> {
  const id = await referred();
  store.setNow('2026-03-23T06:00:00Z');
  await releaseHeld(priya);
  await accept(helen, id);
  await triage(helen, id, DECISION);
  return id;
}

async function booked(): Promise<{ order: string; appointment: string }> {
  const order = await triaged();
  const appointment = (await proposeVisit(priya, order, PROPOSAL)).id ?? '';
  await respond(priya, appointment, { status: 'accepted' });
  await respond(helen, appointment, { status: 'accepted' });
  await respond(helen, appointment, { status: 'accepted', actor: 'Patient/p1' });
  return { order, appointment };
}

describe('S1 refer', () => {
  test('at 9+0 it is held, with the day it goes out; at 12+0 it is released', async () => {
    const { serviceRequest, task } = await refer(priya, REQUEST);
    expect(serviceRequest).toMatchObject({
      status: 'active',
      occurrencePeriod: { start: '2026-05-18', end: '2026-06-28' },
      supportingInfo: [{ reference: 'Observation/edd-lmp' }],
    });
    expect(task).toMatchObject({
      status: 'on-hold',
      focus: { reference: `ServiceRequest/${serviceRequest.id}` },
      restriction: { period: { start: '2026-03-23', end: '2026-04-06' } },
    });
    store.setNow('2026-03-22T22:00:00Z');
    expect(await releaseHeld(priya)).toEqual([]);
    store.setNow('2026-03-23T00:30:00Z');
    expect(await releaseHeld(priya)).toMatchObject([{ status: 'requested' }]);
    expect(await releaseHeld(priya)).toEqual([]);
  });

  test('the dating scan releases it and moves the window', async () => {
    const id = await referred();
    store.setNow('2026-03-18T10:00:00Z');
    edd({ scan: '2026-10-11' }, 'edd-scan', '2026-03-18');
    expect(await recomputeForEdd(priya, 'Patient/p1')).toEqual([id]);
    const { state, serviceRequest } = await readReferral(helen, id);
    expect(state).toBe('received');
    expect(serviceRequest.occurrencePeriod).toEqual({ start: '2026-05-24', end: '2026-07-04' });
    expect(await recomputeForEdd(priya, 'Patient/p1')).toEqual([]);
  });

  test('an EDD of an earlier pregnancy does not count', async () => {
    edd({ scan: '2023-05-01' }, 'old', '2022-11-01');
    expect((await refer(priya, REQUEST)).task.status).toBe('on-hold');
  });

  test('urgent goes at once; late goes at once to the 28-week pathway', async () => {
    expect((await refer(priya, { ...REQUEST, priority: 'urgent' })).task.status).toBe('requested');
    store.all.delete('ServiceRequest/n1');
    store.setNow('2026-07-01T10:00:00Z');
    const late = await refer(priya, REQUEST);
    expect(late.serviceRequest).toMatchObject({
      priority: 'urgent',
      occurrencePeriod: { start: '2026-07-13', end: '2026-10-05' },
    });
  });

  test.each<[string, () => void, RegExp]>([
    ['not asked', () => store.all.delete('Consent/c1'), /explain sharing/],
    ['objected', () => consent('deny'), /objects/],
    ['no EDD', () => store.all.delete('Observation/edd-lmp'), /estimated date/],
  ])('%s: refused', async (_name, arrange, words) => {
    arrange();
    await expect(refer(priya, REQUEST)).rejects.toThrow(words);
  });

  test('a safeguarding override passes an objection and leaves its reason', async () => {
    consent('deny');
    await refer(priya, { ...REQUEST, safeguarding: true, override: 'advised by the safeguarding nurse' });
    expect([...store.all.values()].some((one) => JSON.stringify(one).includes('Safeguarding override: advised'))).toBe(
      true,
    );
  });

  test('twice is a duplicate; a system is no person', async () => {
    await referred();
    await expect(refer(priya, REQUEST)).rejects.toMatchObject({ status: 409 });
    await expect(refer(store.as(undefined, 'x'), REQUEST)).rejects.toMatchObject({ status: 403 });
  });
});

test('a referral posted without its Task is held by the same rule, once', async () => {
  const { serviceRequest, task } = await refer(priya, REQUEST);
  store.all.delete(`Task/${task.id}`);
  const adopted = await adoptReferral(helen, serviceRequest.id ?? '', 'CareTeam/duty');
  expect(adopted).toMatchObject({
    status: 'on-hold',
    requester: { reference: MIDWIFE },
    restriction: { period: { start: '2026-03-23' } },
  });
  expect(await adoptReferral(helen, serviceRequest.id ?? '', 'CareTeam/duty')).toBeUndefined();
});

describe('over Parameters', () => {
  const call = (name: string, ...parameter: object[]): Promise<unknown> => {
    const operation = careOperation('Patient', name);
    if (operation === undefined) throw new Error('no such operation');
    return runCareOperation(operation, priya, 'p1', {
      resourceType: 'Parameters',
      parameter: parameter.map((one) => ({ ...one })),
    });
  };
  const performer = { name: 'performer', valueReference: { reference: 'HealthcareService/hv' } };
  const owner = { name: 'owner', valueReference: { reference: 'CareTeam/duty' } };
  test('refer', async () => {
    const answer = await call('refer', performer, owner, { name: 'priority', valueCode: 'urgent' });
    expect(answer).toMatchObject({ parameter: [{ name: 'serviceRequest' }, { name: 'task' }, { name: 'why' }] });
  });
  test.each([
    ['one missing', [performer], /"owner" is needed/],
    ['one unknown', [performer, owner, { name: 'to', valueString: 'x' }], /unknown parameter "to"/],
    ['a wrong code', [performer, owner, { name: 'priority', valueCode: 'asap' }], /routine or urgent/],
  ])('%s', async (_name, parameters, words) => {
    await expect(call('refer', ...parameters)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(words),
    });
  });
  test.each([
    ['referral-event', [{ name: 'event', valueCode: 'withdraw' }], 1, 'done'],
    ['referral-event', [{ name: 'event', valueCode: 'withdraw' }], 4, '412'],
    ['referral-event', [{ name: 'event', valueCode: 'accept' }], 0, '422'],
  ])('$%s %j, losing a race %i times: %s', async (name, parameter, losses, wanted) => {
    const id = await referred();
    let lost = 0;
    const racing: CarePort = {
      ...priya,
      transaction: async (entries) => {
        const behind = store.all.get(`ServiceRequest/${id}`);
        if (lost < losses && behind !== undefined) {
          lost += 1;
          // The pathway clock was faster.
          store.put({ ...behind, occurrencePeriod: { start: '2026-05-18', end: `2026-06-2${lost}` } });
        }
        return priya.transaction(entries);
      },
    };
    const operation = careOperation('ServiceRequest', name);
    if (operation === undefined) throw new Error('no such operation');
    const result = runCareOperation(operation, racing, id, { resourceType: 'Parameters', parameter });
    if (wanted !== 'done') return expect(result).rejects.toMatchObject({ status: Number(wanted) });
    await result;
    expect(store.all.get(`ServiceRequest/${id}`)).toMatchObject({
      status: 'revoked',
      occurrencePeriod: { end: '2026-06-21' },
    });
  });

  test('unknown addresses have no operation', () => {
    expect(careOperation('Patient', 'accept')).toBeUndefined();
    expect(careOperation('ServiceRequest', 'accept')?.affectsState).toBe(true);
  });
});

describe('S2 accept and triage', () => {
  test('a held referral cannot be accepted', async () => {
    await expect(accept(helen, await referred())).rejects.toThrow(/allowed: release/);
  });

  test('accepting opens first, opens the episode and joins the care team; again changes nothing', async () => {
    const id = await triagedUpTo('received');
    const { state, episode, careTeam } = await accept(helen, id);
    expect(state).toBe('accepted');
    expect(episode).toMatchObject({ status: 'active', managingOrganization: { reference: 'Organization/hv' } });
    expect(objectsAt(careTeam, 'participant')[0]).toMatchObject({
      member: { reference: HEALTH_VISITOR },
      period: { start: '2026-03-23' },
    });
    const before = store.all.size;
    await accept(helen, id);
    expect(store.all.size).toBe(before);
  });

  async function triagedUpTo(_state: 'received'): Promise<string> {
    const id = await referred();
    store.setNow('2026-03-23T06:00:00Z');
    await releaseHeld(priya);
    return id;
  }

  test('pathway, level and rationale are recorded apart; a rationale is needed', async () => {
    const id = await triagedUpTo('received');
    await accept(helen, id);
    await expect(triage(helen, id, { ...DECISION, rationale: ' ' })).rejects.toThrow(/rationale/);
    await expect(triage(helen, id, { ...DECISION, level: 'high' })).rejects.toThrow(/level of need is one of/);
    const { task } = await triage(helen, id, DECISION);
    expect(objectsAt(task, 'output').length).toBe(3);
    const later = await triage(helen, id, { ...DECISION, pathway: 'hv-28-week' });
    expect(later.serviceRequest.occurrencePeriod).toEqual({ start: '2026-07-13', end: '2026-10-05' });
  });

  test('rejecting needs a reason; redirecting makes a new Task for the new team', async () => {
    const id = await triagedUpTo('received');
    await applyReferralEvent(helen, id, { event: 'open' });
    await expect(applyReferralEvent(helen, id, { event: 'reject' })).rejects.toThrow(/wrong-area/);
    const { task } = await applyReferralEvent(helen, id, { event: 'reject', reason: 'wrong-area' });
    expect(task).toMatchObject({ status: 'rejected' });
    await applyReferralEvent(priya, id, { event: 'redirect', owner: 'CareTeam/other' });
    const { state, task: fresh } = await readReferral(priya, id);
    expect([state, textAt(fresh, 'owner', 'reference')]).toEqual(['received', 'CareTeam/other']);
    expect(fresh.statusReason).toBeUndefined();
  });
});

describe('S3 book', () => {
  test('proposed, pending, booked; the Encounter is planned and the referral scheduled', async () => {
    const order = await triaged();
    const id = (await proposeVisit(priya, order, PROPOSAL)).id ?? '';
    expect((await respond(priya, id, { status: 'accepted' })).appointment.status).toBe('pending');
    expect((await respond(helen, id, { status: 'accepted' })).appointment.status).toBe('pending');
    const { appointment, encounter } = await respond(helen, id, { status: 'accepted', actor: 'Patient/p1' });
    expect(appointment.status).toBe('booked');
    expect(encounter).toMatchObject({
      status: 'planned',
      class: { code: 'HH' },
      basedOn: [{ reference: `ServiceRequest/${order}` }],
    });
    expect(store.all.get('Slot/s1')?.status).toBe('busy');
    expect((await readReferral(helen, order)).state).toBe('scheduled');
  });

  test('a slot that is not free is a 409, and so is a practitioner booked elsewhere', async () => {
    const { order } = await booked();
    await visitEventAs('cancel', 'cancelled-family', order);
    slot('s3');
    slot('s4');
    store.put({
      resourceType: 'Appointment',
      id: 'other',
      status: 'booked',
      ...TIME,
      participant: [{ actor: reference(HEALTH_VISITOR) }],
    });
    await expect(proposeVisit(priya, order, { ...PROPOSAL, slots: ['Slot/s3', 'Slot/s4'] })).rejects.toMatchObject({
      status: 409,
    });
    store.all.delete('Appointment/other');
    await proposeVisit(priya, order, PROPOSAL);
    await expect(proposeVisit(priya, order, PROPOSAL)).rejects.toMatchObject({ status: 409 });
  });

  async function visitEventAs(event: string, reason: string, _order: string): Promise<void> {
    const id = [...store.all.values()].find((one) => one.resourceType === 'Appointment')?.id ?? '';
    await visitEvent(priya, id, { event, reason });
  }

  test('nobody answers for a colleague; a no cancels and frees the slots', async () => {
    const id = (await proposeVisit(priya, await triaged(), PROPOSAL)).id ?? '';
    await expect(respond(priya, id, { status: 'accepted', actor: HEALTH_VISITOR })).rejects.toMatchObject({
      status: 403,
    });
    const { appointment } = await respond(helen, id, { status: 'declined' });
    expect(appointment).toMatchObject({
      status: 'cancelled',
      cancelationReason: { coding: [{ code: 'cancelled-service' }] },
    });
    expect(store.all.get('Slot/s2')?.status).toBe('free');
  });

  test('two of one service are not a joint visit', async () => {
    const order = await triaged();
    await expect(proposeVisit(priya, order, { ...PROPOSAL, practitioners: [MIDWIFE, MIDWIFE] })).rejects.toThrow(
      /one midwifery/,
    );
  });
});

describe('S4 and S6 visit, sign, release, extract', () => {
  const both = [MIDWIFE, HEALTH_VISITOR].map((who) => ({ who, ...TIME }));
  async function held(): Promise<{ order: string; appointment: string }> {
    const made = await booked();
    store.setNow('2026-06-08T11:00:00Z');
    await visitEvent(priya, made.appointment, { event: 'arrive' });
    await visitEvent(priya, made.appointment, { event: 'start' });
    return made;
  }

  test('both attended: joint-complete, referral visited', async () => {
    const { order, appointment } = await held();
    await expect(visitEvent(priya, appointment, { event: 'finish' })).rejects.toThrow(/who attended/);
    const { encounter } = await visitEvent(priya, appointment, { event: 'finish', attended: both });
    expect(encounter).toMatchObject({
      status: 'finished',
      extension: [{ valueCoding: { code: 'joint-complete' } }],
      period: TIME,
    });
    expect((await readReferral(helen, order)).state).toBe('visited');
  });

  test('one attended: a contact, not a joint visit', async () => {
    const { appointment } = await held();
    const { encounter } = await visitEvent(priya, appointment, { event: 'finish', attended: both.slice(0, 1) });
    expect(objectsAt(encounter, 'extension')[0]).toMatchObject({ valueCoding: { code: 'single-practitioner' } });
    expect(objectsAt(encounter, 'participant').filter((one) => one.period !== undefined).length).toBe(1);
  });

  test('family not in: no-show on the Appointment, referral back to triaged', async () => {
    const { order, appointment } = await booked();
    const { appointment: after, encounter } = await visitEvent(helen, appointment, { event: 'not-in' });
    expect(after).toMatchObject({ status: 'noshow', extension: [{ valueCoding: { code: 'family-not-in' } }] });
    expect(encounter?.status).toBe('cancelled');
    expect((await readReferral(helen, order)).state).toBe('triaged');
  });

  test('signed by both, released once, extracted once', async () => {
    const { order, appointment } = await held();
    const { encounter } = await visitEvent(priya, appointment, { event: 'finish', attended: both });
    store.put({
      resourceType: 'QuestionnaireResponse',
      id: 'jva',
      questionnaire: questionnaireUrl('joint-visit-assessment'),
      status: 'in-progress',
      subject: reference('Patient/p1'),
      encounter: reference(`Encounter/${encounter?.id}`),
      author: reference(HEALTH_VISITOR),
      item: answers(),
    });
    await expect(release(helen, 'jva')).rejects.toThrow(/signature/);
    await expect(sign(store.as('PractitionerRole/x', 'y'), 'jva')).rejects.toMatchObject({ status: 403 });
    expect(await sign(helen, 'jva')).toMatchObject({ response: { status: 'in-progress' }, missing: [MIDWIFE] });
    expect(await sign(priya, 'jva')).toMatchObject({ response: { status: 'completed' }, missing: [] });
    const copy = await release(priya, 'jva');
    expect((await readReferral(helen, order)).state).toBe('plan-agreed');
    await expect(extractOperation(priya, 'jva')).rejects.toThrow(/released copy/);
    const bundle = await extractOperation(priya, copy.id ?? '');
    expect(objectsAt(bundle, 'entry').length).toBe(14);
    const count = (name: string, result: object): number =>
      objectsAt({ ...result }, 'parameter').filter((one) => one.name === name).length;
    expect(count('create', await extractApply(priya, copy.id ?? ''))).toBe(13);
    const after = store.all.size;
    expect(count('unchanged', await extractApply(helen, copy.id ?? ''))).toBe(13);
    expect((await release(helen, 'jva')).id).toBe(copy.id);
    expect(count('unchanged', await extractApply(helen, copy.id ?? ''))).toBe(13);
    expect(store.all.size).toBe(after + 1);
    const plan = [...store.all.values()].find((one) => one.resourceType === 'CarePlan');
    expect(JSON.stringify(plan)).not.toContain('urn:uuid');
  });
});
