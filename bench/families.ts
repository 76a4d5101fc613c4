/**
 * A whole family as one transaction Bundle, by number: mother, unborn baby, partner, sharing consent, both services'
 * episodes, care team, accepted referral, visits, findings, appointment, plan. Three of four families are shared with
 * health visiting; 320 of those are on the team whose practitioner the bench signs in as.
 */
import { codeSystem, idSystem, localConcept, profile, reference, snomed } from '../src/care/canon.ts';
import { addDays } from '../src/care/clock.ts';
import * as family from '../src/care/family.ts';
import { eddObservation, pregnancyCondition } from '../src/care/pregnancy.ts';
import { SHARING_POLICY } from '../src/care/sharing.ts';
import type { Reference, Resource } from '../src/fhir/types.ts';
import { ANTENATAL_CARE, crewOf, HEALTH_VISITING, MATERNITY } from './directory.ts';
import { Draft, type Entry } from './draft.ts';
import { nhsNumberOf, personOf } from './names.ts';
import { finding } from './registration.ts';

/** Families of the practitioner, as house.md section 7 says. */
export const CASELOAD = 320;

/** How a store of so many families is divided. */
export interface Area {
  families: number;
  hvTeams: number;
  mwTeams: number;
}

export function areaOf(families: number): Area {
  const shared = Math.floor(families * 0.75);
  return {
    families,
    hvTeams: 1 + Math.ceil(Math.max(0, shared - CASELOAD) / 250),
    mwTeams: Math.max(1, Math.ceil(families / 300)),
  };
}

/** What stands about family `number`: shared with health visiting or not, and which teams. */
export function placeOf(area: Area, number: number): { shared: boolean; hv: number; mw: number } {
  const shared = number % 4 !== 3;
  const rank = number - Math.floor((number + 1) / 4);
  const stride = Math.max(1, Math.floor((area.families * 0.75) / CASELOAD));
  const own = rank % stride === 0 && rank / stride < CASELOAD;
  const hv = own || area.hvTeams === 1 ? 0 : 1 + (rank % (area.hvTeams - 1));
  return { shared, hv, mw: number % area.mwTeams };
}

interface Story {
  draft: Draft;
  number: number;
  mother: Reference;
  fetus: Reference;
  /** First day of care, and days after it. */
  day: (days: number) => string;
  pregnancy: string;
  midwife: string;
  visitor: string;
}

/** Entries of family `number`; `today` as a civil date, so that windows stay meaningful. */
export function familyBundle(area: Area, number: number, today: string): { entries: Entry[]; shared: boolean } {
  const { shared, hv, mw } = placeOf(area, number);
  const draft = new Draft();
  const booked = addDays(today, -(84 + (number % 70)));
  const pregnancy = `bench-${number}`;
  const { mother, fetus } = people(draft, number, pregnancy);
  const midwives = crewOf('mw', mw);
  const visitors = crewOf('hv', hv);
  const story: Story = {
    ...{ draft, number, mother, fetus, pregnancy },
    day: (days) => addDays(booked, days),
    midwife: midwives.role,
    visitor: visitors.role,
  };
  draft.add(sharingExplained(mother, booked));
  draft.add(pregnancyCondition(mother, reference(midwives.role), booked));
  const episodes = [draft.add(episode(story, 'maternity', midwives))];
  if (shared) episodes.push(draft.add(episode(story, 'health-visiting', visitors)));
  const team = draft.add(careTeam(story, shared));
  if (shared) referral(story, visitors);
  visits(story, shared, episodes);
  plan(story, team);
  return { entries: draft.entries, shared };
}

function people(draft: Draft, number: number, pregnancy: string): { mother: Reference; fetus: Reference } {
  const person = personOf(number);
  const nhsNumber = nhsNumberOf(number);
  const name = { family: person.family, given: [person.given] };
  const managingOrganization = reference(MATERNITY);
  const mother = draft.add(
    family.motherPatient({
      ...{ name, nhsNumber, verification: '01', managingOrganization, gender: 'female', language: 'en' },
      localId: `M${number}`,
      birthDate: addDays('1985-01-01', (number * 37) % 7_000),
      phone: `07700 900${String(number % 1_000).padStart(3, '0')}`,
      address: { line: [`${1 + (number % 90)} Example Street`], city: 'Example', postalCode: `ZZ99 ${number % 10}ZZ` },
    }),
  );
  const fetus = draft.add(
    family.unbornBaby({ pregnancy, letter: 'A', surname: person.family, multiple: false, managingOrganization }),
  );
  draft.add(family.relatedPerson({ patient: fetus, relationship: 'NMTHF', name, nhsNumber }));
  const partner = { family: personOf(number + 50_000).family, given: ['Sam'] };
  draft.add(family.relatedPerson({ patient: mother, relationship: 'DOMPART', name: partner, phone: '07700 900000' }));
  draft.add(family.familyGroup([mother, fetus], `F${number}`));
  return { mother, fetus };
}

function sharingExplained(patient: Reference, on: string): Resource {
  const consentScope = 'http://terminology.hl7.org/CodeSystem/consentscope';
  const actor = {
    role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
    reference: reference(HEALTH_VISITING),
  };
  return {
    resourceType: 'Consent',
    status: 'active',
    scope: { coding: [{ system: consentScope, code: 'patient-privacy' }] },
    category: [localConcept('sharing-state', 'explained')],
    patient,
    dateTime: on,
    organization: [reference(MATERNITY)],
    policy: [{ uri: SHARING_POLICY }],
    provision: { type: 'permit', actor: [actor] },
  };
}

function episode(story: Story, kind: family.ServiceKind, crew: { team: string; role: string }): Resource {
  return family.episodeOfCare({
    kind,
    pregnancy: story.pregnancy,
    patient: story.mother,
    organization: reference(kind === 'maternity' ? MATERNITY : HEALTH_VISITING),
    start: story.day(0),
    careManager: reference(crew.role),
    team: reference(crew.team),
  });
}

function careTeam(story: Story, shared: boolean): Resource {
  const member = (who: string, role: 'midwife' | 'health-visitor'): family.TeamMember => ({
    ...{ member: reference(who), role, start: story.day(0) },
  });
  return family.careTeam({
    name: 'Family team',
    patient: story.mother,
    pregnancy: story.pregnancy,
    start: story.day(0),
    members: [member(story.midwife, 'midwife'), ...(shared ? [member(story.visitor, 'health-visitor')] : [])],
    organizations: [reference(MATERNITY)],
  });
}

/** A referral that a person has accepted. */
function referral(story: Story, crew: { team: string }): void {
  const { draft, mother, midwife } = story;
  const request = draft.add({
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    priority: 'routine',
    category: [{ coding: [snomed('3457005', 'Patient referral')] }],
    code: localConcept('jv-service', 'antenatal-hv-referral', 'Antenatal referral to health visiting'),
    subject: mother,
    occurrencePeriod: { start: story.day(70), end: story.day(112) },
    authoredOn: `${story.day(21)}T09:00:00Z`,
    requester: reference(midwife),
    performer: [reference('HealthcareService/health-visiting')],
  });
  draft.add({
    resourceType: 'Task',
    status: 'accepted',
    businessStatus: localConcept('referral-state', 'accepted'),
    intent: 'order',
    priority: 'routine',
    code: localConcept('jv-task', 'triage-referral'),
    focus: request,
    for: mother,
    authoredOn: `${story.day(21)}T09:00:00Z`,
    requester: reference(midwife),
    owner: reference(crew.team),
  });
}

/** Four contacts with two findings each, the EDD, and the joint visit ahead. */
function visits(story: Story, shared: boolean, episodes: readonly Reference[]): void {
  const { draft, mother, midwife, visitor } = story;
  draft.add(
    eddObservation({
      patient: mother,
      from: { scan: story.day(210) },
      on: story.day(21),
      performer: reference(midwife),
    }),
  );
  for (let i = 0; i < 4; i += 1) {
    const byVisitor = shared && i % 2 === 1;
    const who = byVisitor ? visitor : midwife;
    const service = byVisitor ? HEALTH_VISITING : MATERNITY;
    const on = story.day(7 + 21 * i);
    const encounter = draft.add(visit({ mother, who, service, on, episodes: episodes.slice(byVisitor ? 1 : 0)[0] }));
    for (const kind of [0, 1]) draft.add(finding({ mother, encounter, who, service, on, value: 20 + i + kind * 5 }));
  }
  const people = [mother, reference(midwife), ...(shared ? [reference(visitor)] : [])];
  draft.add({
    resourceType: 'Appointment',
    status: 'booked',
    serviceType: [{ coding: [ANTENATAL_CARE] }],
    start: `${story.day(90)}T09:00:00Z`,
    end: `${story.day(90)}T10:30:00Z`,
    participant: people.map((actor) => ({ actor, status: 'accepted' })),
  });
}

function visit(of: {
  mother: Reference;
  who: string;
  service: string;
  on: string;
  episodes: Reference | undefined;
}): Resource {
  const period = { start: `${of.on}T10:00:00Z`, end: `${of.on}T10:45:00Z` };
  return {
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'HH' },
    type: [{ coding: [snomed('439708006', 'Home visit')] }],
    subject: of.mother,
    ...(of.episodes === undefined ? {} : { episodeOfCare: [of.episodes] }),
    participant: [{ individual: reference(of.who), period }],
    period,
    serviceProvider: reference(of.service),
  };
}

function plan(story: Story, team: Reference): void {
  const { draft, mother, fetus } = story;
  const goal = draft.add({
    resourceType: 'Goal',
    lifecycleStatus: 'active',
    category: [{ coding: [{ system: codeSystem('shanarri'), code: 'nurtured' }] }],
    description: { text: 'We want to feel ready for the baby' },
    subject: mother,
    startDate: story.day(28),
    target: [{ dueDate: story.day(120) }],
    expressedBy: mother,
  });
  draft.add({
    resourceType: 'CarePlan',
    meta: { profile: [profile('JV-CarePlan')] },
    identifier: [{ system: idSystem('pregnancy'), value: story.pregnancy }],
    status: 'active',
    intent: 'plan',
    category: [localConcept('plan-category', 'joint-visit-plan')],
    subject: mother,
    period: { start: story.day(28), end: story.day(150) },
    author: team,
    contributor: [reference(story.midwife), reference(story.visitor)],
    careTeam: [team],
    supportingInfo: [fetus],
    goal: [goal],
  });
}
