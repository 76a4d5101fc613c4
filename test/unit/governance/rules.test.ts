/** What domain.md 5.2 and 5.3 say that no decision vector tells. */
import { describe, expect, test } from '@jest/globals';
import { decide } from '../../../src/governance/decide.ts';
import { evaluate, type World } from '../../../src/governance/evaluate.ts';
import { paramGuard } from '../../../src/governance/masks.ts';
import type { Principal, RelationshipKind } from '../../../src/governance/types.ts';
import {
  agreement,
  asks,
  consent,
  EARLIER,
  family,
  HV,
  MATERNITY,
  PREGNANCY,
  relationship,
  row,
  staff,
  system,
  systemAgreement,
  world,
} from './fixtures.ts';

const plan = row('CarePlan', 'plan');
const visitor = staff('health-visitor', HV);
const midwife = staff('midwife', MATERNITY);
const flag = row('Flag', 'safeguarding-flag', { id: 'sg', label: 'R', pregnancy: null });
const self = (who: Principal) => who.practitionerRole ?? '';
const tied = (who: Principal, kind: RelationshipKind, change = {}) => relationship(kind, self(who), change);
const removed = (who: Principal, facts: World, purpose: 'TREAT' | 'PATADMIN' | 'COC' = 'TREAT') => {
  const { permit, masks } = decide(who, asks('read', facts.row.type, purpose), facts);
  return permit ? masks.flatMap(({ remove }) => remove) : null;
};

describe('R-07: a claim covers N alone, for safeguarding too', () => {
  const moira = staff('safeguarding', MATERNITY);
  const reads = (kind: RelationshipKind, label: 'N' | 'R') =>
    decide(moira, asks('read', 'CarePlan'), world({ ...plan, label }, { relationships: [tied(moira, kind)] })).permit;

  test.each(['task', 'care-team', 'appointment', 'referral-accepted'] as const)('%s: N and R', (kind) => {
    expect([reads(kind, 'N'), reads(kind, 'R')]).toEqual([true, true]);
  });

  test('a claim: N and not R', () => {
    expect([reads('self-claim', 'N'), reads('self-claim', 'R')]).toEqual([true, false]);
  });
});

describe('R-13: V is a fact of the woman, not a stamp of the row', () => {
  const sealed = [consent('sealed', null)];
  const explained = consent('sharing-explained', null);
  const upToV = [agreement({ maxLabel: 'V' })];
  const reads = (who: Principal, kinds: RelationshipKind[], more: Partial<World> = {}) =>
    decide(
      who,
      asks('read', 'CarePlan'),
      world(plan, { consents: sealed, relationships: kinds.map((kind) => tied(who, kind)), ...more }),
    );

  test('an N row of hers is closed to her care team, and told to nobody', () => {
    for (const kind of ['care-team', 'episode', 'attendance', 'handler'] as const) {
      const { permit, concealed } = reads(midwife, [kind]);
      expect([kind, permit, concealed]).toEqual([kind, false, true]);
    }
    expect(reads(staff('safeguarding', MATERNITY), ['task']).permit).toBe(false);
    expect(decide(system(MATERNITY), asks('read', 'CarePlan', 'COC'), world(plan, { consents: sealed })).permit).toBe(
      false,
    );
    expect(decide(family('mother'), asks('read', 'CarePlan', 'PATRQT'), world(plan, { consents: sealed })).permit).toBe(
      false,
    );
  });

  test('the named read it; in another service only where the agreement says V', () => {
    expect(reads(midwife, ['named']).permit).toBe(true);
    const across = { consents: [...sealed, explained] };
    expect(reads(visitor, ['named'], across).permit).toBe(false);
    expect(reads(visitor, ['named'], { ...across, agreements: upToV }).permit).toBe(true);
    expect(reads(visitor, ['care-team'], { ...across, agreements: upToV }).permit).toBe(false);
  });

  test('when the label goes, a place on the list is no relationship', () => {
    expect(reads(midwife, ['named'], { consents: [] }).permit).toBe(false);
  });

  test('R-43: a place on the list of a colleague opens nothing', () => {
    expect(reads(midwife, ['handler'], { consents: [consent('handled', null)] }).permit).toBe(false);
  });
});

describe('R-25, H-07: who calls on her is warned that there is a flag, and told nothing of it', () => {
  const roles: [Principal, 'TREAT' | 'PATADMIN'][] = [
    [staff('nursery-nurse', HV), 'TREAT'],
    [staff('admin', HV), 'PATADMIN'],
  ];
  test.each(roles)('%j', (who, purpose) => {
    const facts = world({ ...flag, service: HV }, { relationships: [tied(who, 'care-team')] });
    const gone = removed(who, facts, purpose);
    for (const path of ['category', 'code', 'author', 'identifier', 'meta.security', 'text', 'contained'])
      expect([path, gone?.includes(path)]).toEqual([path, true]);
    for (const param of ['author', 'identifier', 'date', 'encounter', '_security', '_text'])
      expect([param, evaluate(paramGuard(who, 'Flag', [param]), facts)]).toEqual([param, false]);
    const stranger = world({ ...flag, service: HV });
    expect(removed(who, stranger, purpose)).toBeNull();
    expect(decide(who, asks('update', 'Flag', purpose), facts).permit).toBe(false);
  });

  test('students and families learn nothing of it', () => {
    const student = staff('student', HV);
    expect(
      removed(student, world({ ...flag, service: HV }, { relationships: [tied(student, 'care-team')] })),
    ).toBeNull();
    expect(decide(family('mother'), asks('read', 'Flag', 'PATRQT'), world(flag)).permit).toBe(false);
  });
});

describe('R-41: a pregnancy that ended with no living baby', () => {
  const ended = consent('ended', PREGNANCY, { source: 'Task/t1' });
  const reads = (who: Principal, kind: RelationshipKind, pregnancy: string | null = PREGNANCY) => {
    const own = { ...plan, service: who.service ?? null, pregnancy };
    const ties = [tied(who, kind, { pregnancy: null })];
    return decide(who, asks('read', 'CarePlan'), world(own, { relationships: ties, consents: [ended] })).permit;
  };

  test('the care team and the ward keep it, and safeguarding; who had an appointment, a Task or a claim does not', () => {
    for (const kind of ['care-team', 'episode', 'attendance'] as const)
      expect([kind, reads(midwife, kind)]).toEqual([kind, true]);
    for (const kind of ['appointment', 'task', 'self-claim', 'referral-accepted'] as const)
      expect([kind, reads(midwife, kind)]).toEqual([kind, false]);
    expect(reads(staff('safeguarding', MATERNITY), 'task')).toBe(true);
  });

  test('another pregnancy, and what belongs to none, is as it was', () => {
    expect(reads(midwife, 'appointment', EARLIER)).toBe(true);
    expect(reads(midwife, 'appointment', null)).toBe(true);
  });

  test('her own copy stays hers', () => {
    const copy = row('QuestionnaireResponse', 'assessment-copy');
    const facts = world(copy, { consents: [ended] });
    expect(decide(family('mother'), asks('read', 'QuestionnaireResponse', 'PATRQT'), facts).permit).toBe(true);
  });

  test('R-51: what somebody wrote beside the end stays with the service that treated her', () => {
    const request = row('ServiceRequest', 'referral', { id: 'r1' });
    const explained = consent('sharing-explained', null);
    const facts = (who: Principal, consents = [ended, explained]) =>
      world(request, { relationships: [tied(who, 'care-team')], consents });
    expect(removed(visitor, facts(visitor))).toEqual(expect.arrayContaining(['note', 'reasonCode', 'supportingInfo']));
    expect(removed(visitor, facts(visitor, [explained]))).toEqual([]);
    expect(removed(midwife, facts(midwife))).toEqual([]);
    const hv = system(HV);
    const theirs = world(request, {
      relationships: [relationship('care-team', HV)],
      consents: [ended, explained],
      agreements: [systemAgreement({})],
    });
    expect(removed(hv, theirs, 'COC')).toContain('note');
  });
});

describe('R-33: a system deletes its own drafts, and nothing that is finished', () => {
  const epr = system(MATERNITY);
  const draft = (change = {}) =>
    row('QuestionnaireResponse', 'findings', { tags: ['DRAFT'], authors: ['Client/app'], ...change });
  const deletes = (facts: ReturnType<typeof draft>) => decide(epr, asks('delete', facts.type, 'COC'), world(facts));

  test('its own draft goes; finished, or somebody else’s: 405 with the recipe', () => {
    expect(deletes(draft()).permit).toBe(true);
    for (const other of [draft({ tags: [] }), draft({ authors: ['PractitionerRole/midwife'] })])
      expect(deletes(other)).toMatchObject({ permit: false, status: 405, rules: ['R-33'], concealed: false });
  });

  test('what it may not see is not there', () => {
    expect(deletes(draft({ service: HV }))).toMatchObject({ permit: false, concealed: true });
    expect(deletes(draft({ service: HV }))).not.toHaveProperty('status');
  });

  test('people delete nothing', () => {
    expect(decide(midwife, asks('delete', 'QuestionnaireResponse'), world(draft()))).toMatchObject({ status: 405 });
  });
});

test('R-16: every carrier of a place goes with the flag', () => {
  const carriers: [string, string][] = [
    ['MedicationDispense', 'destination'],
    ['SupplyRequest', 'deliverTo'],
    ['SupplyDelivery', 'destination'],
    ['ImagingStudy', 'location'],
    ['AdverseEvent', 'location'],
    ['Encounter', 'location'],
    ['Appointment', 'participant[actor=Location]'],
  ];
  for (const [type, path] of carriers) {
    const facts = world(
      row(type, type === 'Encounter' ? 'visit' : type === 'Appointment' ? 'schedule' : 'other-clinical'),
      {
        relationships: [tied(midwife, 'care-team')],
        consents: [consent('s-flag', null)],
      },
    );
    expect([type, removed(midwife, facts)?.includes(path)]).toEqual([type, true]);
  }
});
