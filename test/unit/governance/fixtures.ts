/** People, rows and facts for the tables of this folder: two services of one organisation (domain.md 3.4). */
import type { World } from '../../../src/governance/evaluate.ts';
import type {
  AgreementRow,
  Ask,
  ConsentRow,
  DataClass,
  Principal,
  Purpose,
  Relationship,
  Role,
  RowFacts,
} from '../../../src/governance/types.ts';

export const NOW = new Date('2026-06-08T09:00:00Z');
export const MATERNITY = 'Organization/maternity-service';
export const HV = 'Organization/hv-service';
export const MOTHER = 'Patient/aisha';
export const PREGNANCY = 'EpisodeOfCare/maternity-2';
export const EARLIER = 'EpisodeOfCare/maternity-1';

export function days(count: number): string {
  return new Date(NOW.getTime() + count * 86_400_000).toISOString();
}

/** A member of staff with one team; parties as identity builds them: role, person, teams, service. */
export function staff(role: Role, service: string, id: string = role): Principal {
  const teams = [`CareTeam/${id}-team`];
  return {
    kind: 'staff',
    role,
    clientId: 'app',
    issuer: 'https://tandem.example',
    subject: id,
    jti: 'j1',
    name: id,
    practitionerRole: `PractitionerRole/${id}`,
    practitioner: `Practitioner/${id}`,
    service,
    teams,
    parties: [`PractitionerRole/${id}`, `Practitioner/${id}`, ...teams, service],
    scopes: ['user/*.cruds'],
    flags: role === 'student' ? ['supervised'] : [],
  };
}

export function system(service: string): Principal {
  const base = staff('system', service, `system-${service.slice(13)}`);
  const { practitionerRole: _role, practitioner: _person, ...rest } = base;
  return { ...rest, kind: 'system', teams: [], parties: [service], scopes: ['system/*.cruds'] };
}

export function family(role: 'mother' | 'partner'): Principal {
  const { practitionerRole: _role, practitioner: _person, service: _service, ...rest } = staff(role, HV);
  const self = role === 'mother' ? MOTHER : 'RelatedPerson/danny';
  const related = role === 'partner' ? { relatedPerson: self } : {};
  return { ...rest, kind: 'family', teams: [], parties: [self], scopes: ['patient/*.rs'], patient: MOTHER, ...related };
}

export function asks(action: Ask['action'], type: string | null, purpose: Purpose = 'TREAT'): Ask {
  return { action, type, purpose, now: NOW, mode: 'demo' };
}

/** A row of this pregnancy, recorded by maternity, labelled N. */
export function row(type: string, dataClass: DataClass, change: Partial<RowFacts> = {}): RowFacts {
  return {
    type,
    id: 'x1',
    patients: [MOTHER],
    subjects: [MOTHER],
    pregnancy: PREGNANCY,
    dataClass,
    label: 'N',
    tags: [],
    service: MATERNITY,
    authors: ['PractitionerRole/midwife', 'CareTeam/midwife-team'],
    released: true,
    addressee: null,
    ...change,
  };
}

export function relationship(
  kind: Relationship['kind'],
  party: string,
  change: Partial<Relationship> = {},
): Relationship {
  return {
    party,
    patient: MOTHER,
    pregnancy: PREGNANCY,
    kind,
    from: days(-60),
    until: null,
    ending: null,
    source: 'CareTeam/f1',
    scope: [],
    ...change,
  };
}

export function consent(kind: ConsentRow['kind'], party: string | null, change: Partial<ConsentRow> = {}): ConsentRow {
  return { patient: MOTHER, kind, party, classes: [], from: null, until: null, source: 'Consent/c1', ...change };
}

/** Maternity -> health visiting for people, up to R, everything clinical. */
export function agreement(change: Partial<AgreementRow> = {}): AgreementRow {
  return {
    fromService: MATERNITY,
    toService: HV,
    classes: [
      'demographics',
      'referral',
      'pregnancy',
      'schedule',
      'visit',
      'working-copy',
      'assessment-copy',
      'findings',
      'confidential',
      'plan',
      'safeguarding-flag',
      'scene-safety',
      'consent',
      'documents',
      'other-clinical',
    ],
    purposes: ['TREAT', 'ETREAT', 'CAREMGT', 'PATADMIN'],
    maxLabel: 'R',
    from: days(-365),
    until: null,
    revoked: false,
    source: 'Contract/a1',
    ...change,
  };
}

/** For systems: N only, for continuity of care. */
export function systemAgreement(change: Partial<AgreementRow> = {}): AgreementRow {
  return agreement({ purposes: ['COC'], maxLabel: 'N', source: 'Contract/a2', ...change });
}

/** The defaults of domain.md 5.6: agreements active, sharing explained, no relationship. */
export function world(of: RowFacts, change: Partial<World> = {}): World {
  return {
    row: of,
    relationships: [],
    consents: [consent('sharing-explained', null)],
    agreements: [agreement(), systemAgreement()],
    now: NOW,
    ...change,
  };
}
