/**
 * The working copy of an assessment is for its two authors' teams (R-13): for the second practitioner's from the first
 * word on, for no other team, and whom a form merely names brings nobody in.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Resource } from '../../src/fhir/types.ts';
import { SINCE, TEAM, team } from '../harness/directory.ts';
import { type Service, staff, startService } from '../harness/service.ts';

let service: Service;

const subject = { reference: 'Patient/mine' };
const role = (id: string) => ({ reference: `PractitionerRole/${id}` });

beforeAll(async () => {
  service = await startService();
  await service.directory();
  await service.family('mine');
  await service.load([
    team(TEAM.healthVisitors, [{ id: 'hv-helen' }, { id: 'hv-none' }]),
    {
      resourceType: 'Encounter',
      id: 'visit',
      status: 'planned',
      class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HH' },
      subject,
      episodeOfCare: [{ reference: 'EpisodeOfCare/mine-mat' }],
      participant: [{ individual: role('mw-priya') }, { individual: role('hv-helen') }],
      period: { start: SINCE },
    },
    // Something to do for the family, so that what keeps her away is the label and not the want of a relationship.
    {
      resourceType: 'Task',
      id: 'to-do',
      status: 'requested',
      intent: 'order',
      code: { coding: [{ system: 'https://tandem.example/fhir/CodeSystem/jv-task', code: 'plan-action' }] },
      for: subject,
      authoredOn: SINCE,
      requester: role('mw-priya'),
      owner: role('hv-south'),
    },
  ]);
}, 60_000);
afterAll(() => service.close());

const draft = (more: object): Resource => ({
  resourceType: 'QuestionnaireResponse',
  status: 'in-progress',
  questionnaire: 'https://tandem.example/fhir/Questionnaire/joint-visit-assessment',
  subject,
  authored: '2026-02-03',
  ...more,
});

/** The midwife begins it; its id. */
async function begin(more: object): Promise<string> {
  const reply = await service.as(staff('mw-priya')).post('QuestionnaireResponse', draft(more));
  if (reply.status !== 201) throw new Error(reply.text);
  return String(reply.json.id);
}

const READERS = ['hv-helen', 'hv-none', 'hv-south'];
const seenBy = async (id: string) => {
  const statuses: Record<string, number> = {};
  for (const who of READERS) statuses[who] = (await service.as(staff(who)).get(`QuestionnaireResponse/${id}`)).status;
  return statuses;
};

test('the team of the second practitioner of a visit reads what the first began; another team does not', async () => {
  const visit = { encounter: { reference: 'Encounter/visit' } };
  const begun = await begin({ ...visit, author: role('mw-priya') });
  expect(await seenBy(begun)).toEqual({ 'hv-helen': 200, 'hv-none': 200, 'hv-south': 403 });
});

test('whom a person names as the author is one; her team is not brought in by it', async () => {
  const named = await begin({ author: role('hv-helen') });
  expect(await seenBy(named)).toEqual({ 'hv-helen': 200, 'hv-none': 403, 'hv-south': 403 });
});

test('of what was loaded the named author counts with her team', async () => {
  await service.load([{ ...draft({ author: role('hv-helen') }), id: 'loaded' }]);
  expect(await seenBy('loaded')).toEqual({ 'hv-helen': 200, 'hv-none': 200, 'hv-south': 403 });
});
