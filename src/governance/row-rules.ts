/**
 * The row rules of domain.md 5.2, each a small named piece with its R-number, composed into one `RowRule` per standing
 * and request. A pure function of principal and ask without its time: the same standing gives the same tree, so the
 * compiled form can be kept. `decide.ts` reads the pieces one by one to say why; `store` compiles the whole.
 */
import { deceasedPiece } from './after-death.ts';
import {
  agreedWith,
  all,
  any,
  byAuthor,
  consentFor,
  consentForEvery,
  FALSE,
  inClasses,
  inTypes,
  not,
  ofService,
  related,
  specialise,
  TRUE,
  tagged,
} from './compose.ts';
import { conflictPiece } from './conflict-rule.ts';
import { ADVISED_TAG, OVERRIDE_TAG } from './consents.ts';
import { classesOfType } from './data-classes.ts';
import { DUTY_TAG, E_ROSTER } from './duty.ts';
import { familyPieces } from './family-rules.ts';
import { DRAFT_TYPES } from './gates.ts';
import { keeper, piecesKey } from './kept.ts';
import { label, labelPiece } from './label-rule.ts';
import { brokenGlass, relatedBy, relationshipPiece, servicesOf, supervision } from './relationship-rules.ts';
import { restrictionPiece } from './restriction.ts';
import { classesSeen, classesWritten, isWrite, writesConformance } from './role-views.ts';
import type { RowRule } from './rule-types.ts';
import { isSealed } from './sealed.ts';
import { READ_GRACE_DAYS, selvesOf } from './standing.ts';
import type { Ask, DataClass, Principal, RelationshipKind } from './types.ts';
import { DRAFT_TAG, EDD_TAG } from './vocabulary.ts';

/** What a row must satisfy, in the order in which a refusal is explained. */
export type PieceName =
  | 'test-data'
  | 'held'
  | 'own-record'
  | 'restriction'
  | 'deceased'
  | 'relationship'
  | 'conflict'
  | 'agreement'
  | 'sharing'
  | 'objection'
  | 'family'
  | 'label'
  | 'role';

export interface Piece {
  name: PieceName;
  /** R-numbers. */
  rules: string[];
  rule: RowRule;
}

export interface RulePieces {
  /** Rows that need no relationship: about nobody, or consents for those who keep the register. */
  open: RowRule;
  /** All of these, for every other row. */
  pieces: Piece[];
}

/** reads by people with a live relationship go on this long after an agreement lapsed, unless revoked. */
export const LAPSE_DAYS = 28;

const ABOUT_NOBODY: readonly DataClass[] = ['directory', 'conformance', 'agreements', 'schedule', 'subscription'];

/**
 * The one predicate over rows for a principal and a request; `type` null = any type. The same object for the same
 * standing and ask, so that its compiled form can be kept beside it.
 */
export const rowRule: (principal: Principal, ask: Ask) => RowRule = keeper(
  (principal, ask) => (principal.role === 'steward' ? TRUE : composed(rulePieces(principal, ask), ask.type)),
  (ask) => `${piecesKey(ask)} ${ask.type}`,
);

/** Open rows, or all pieces; folded to the type when it is known. */
export function composed(parts: RulePieces, type: string | null): RowRule {
  const whole = any(parts.open, all(...parts.pieces.map((piece) => piece.rule)));
  return type === null ? whole : specialise(whole, type, classesOfType(type));
}

/** The named pieces of a principal's rule. */
export const rulePieces: (principal: Principal, ask: Ask) => RulePieces = keeper(buildPieces, piecesKey);

function buildPieces(principal: Principal, ask: Ask): RulePieces {
  const testData: Piece = { name: 'test-data', rules: ['R-48'], rule: testDataRule(ask) };
  if (principal.kind === 'family') {
    return {
      open: openRule(principal, ask),
      pieces: [testData, ...familyPieces(principal, ask), rolePiece(principal, ask)],
    };
  }
  if (isRoster(principal)) return { open: openRule(principal, ask), pieces: [testData, ROSTER_PIECE] };
  const pieces = [
    testData,
    heldPiece(principal),
    ownRecordPiece(principal),
    relationshipPiece(principal, ask),
    restrictionPiece(),
    deceasedPiece(principal, ask),
    conflictPiece(principal, ask),
    agreementPiece(principal, ask),
    sharingPiece(principal, ask),
    objectionPiece(principal),
    labelPiece(principal, ask),
    rolePiece(principal, ask),
  ];
  return { open: openRule(principal, ask), pieces };
}

/** training holds nothing but test data, production none. */
function testDataRule(ask: Ask): RowRule {
  if (ask.mode === 'training') return any({ op: 'nobody' }, tagged('HTEST'));
  return ask.mode === 'production' ? not(tagged('HTEST')) : TRUE;
}

/** Classes about nobody that this role may see (or write) whoever they concern. */
function openClasses(principal: Principal, ask: Ask): DataClass[] {
  const allowed = isWrite(ask.action)
    ? classesWritten(principal.role, 'yes')
    : classesSeen(principal.role, 'full', 'summary');
  // A family sees its own diary, not the diaries of the services (5.3 "own").
  const aboutNobody = principal.kind === 'family' ? (['conformance'] as const) : ABOUT_NOBODY;
  const isDefiner = isWrite(ask.action) && writesConformance(principal);
  return aboutNobody.filter((one) => allowed.includes(one) || (isDefiner && one === 'conformance'));
}

function openRule(principal: Principal, ask: Ask): RowRule {
  const own = isWrite(ask.action) ? classesWritten(principal.role, 'own') : classesSeen(principal.role, 'own');
  const nobody = any(
    inClasses(openClasses(principal, ask)),
    all(inClasses(own.filter((one) => one === 'subscription' || one === 'feedback')), byAuthor(selvesOf(principal))),
  );
  // R-26: consent records are the officers' own work; they have no relationship with anybody.
  const register =
    isOfficer(principal) && !isWrite(ask.action) ? all(inClasses(['consent']), label('N'), not(isSealed())) : FALSE;
  return any(all({ op: 'nobody' }, nobody, isWrite(ask.action) ? dutyRule(principal) : TRUE), register);
}

/** 1.8: an e-roster system keeps the duty list of its service; it is no party to anybody's care. */
function isRoster({ flags }: Principal): boolean {
  return flags.includes(E_ROSTER);
}

const ROSTER_PIECE: Piece = { name: 'role', rules: ['R-05'], rule: FALSE };

/** 5.3 "team duty list W": the admins of the team's own service; to anybody else a duty would be a way in. */
function dutyRule(principal: Principal): RowRule {
  const own = ofService(servicesOf(principal));
  if (isRoster(principal)) return all(tagged(DUTY_TAG), own);
  return any(not(tagged(DUTY_TAG)), principal.role === 'admin' ? own : FALSE);
}

function isOfficer(principal: Principal): boolean {
  return ['ig-officer', 'caldicott-guardian', 'sar-officer'].includes(principal.role);
}

/** R-06 c: what is held is not there for its addressee. */
function heldPiece(principal: Principal): Piece {
  const own = servicesOf(principal);
  const rule = any({ op: 'released' }, own.length === 0 ? TRUE : not({ op: 'addressee', in: own }), ofService(own));
  return { name: 'held', rules: ['R-06'], rule };
}

/** nobody reads her own record as staff. */
function ownRecordPiece(principal: Principal): Piece {
  const key = principal.ownRecordKey;
  const rule = key === undefined ? TRUE : not(consentFor('own-record', [key]));
  return { name: 'own-record', rules: ['R-11'], rule };
}

/** between services only under an agreement; within the own service none is needed. */
function agreementPiece(principal: Principal, ask: Ask): Piece {
  const own = servicesOf(principal);
  const isSystem = principal.kind === 'system';
  const grace = isSystem || isWrite(ask.action) ? 0 : LAPSE_DAYS;
  // What is V in all of it goes to another service only where an agreement says V, whatever a row was labelled when written.
  const reachesV = any(not(isSealed()), agreedWith(principal.service, ask.purpose, grace, 'V'));
  const agreed = all(agreedWith(principal.service, ask.purpose, grace), reachesV);
  // A system client sees R only where an agreement names it, its own service's included (vector 25).
  const ownRows = isSystem ? all(ofService(own), label('N')) : ofService(own);
  const overridden = isSystem ? FALSE : consentForEvery('override', own);
  return { name: 'agreement', rules: ['R-04'], rule: any(ownRows, agreed, overridden, brokenGlass(principal, ask)) };
}

/** Domain.md 1.3 rule 5: until sharing was explained only the recording service sees the record. */
function sharingPiece(principal: Principal, ask: Ask): Piece {
  const own = servicesOf(principal);
  const explained = any(consentForEvery('sharing-explained', own), consentForEvery('override', own));
  return { name: 'sharing', rules: ['R-20'], rule: any(ofService(own), explained, brokenGlass(principal, ask)) };
}

/** an objection closes the record to the service it names, unless safeguarding overrides it. */
function objectionPiece(principal: Principal): Piece {
  const own = servicesOf(principal);
  const parties = [...own, ...principal.teams];
  const rule = any(ofService(own), not(consentFor('objection', parties)), consentForEvery('override', own));
  return { name: 'objection', rules: ['R-20', 'R-21', 'R-22'], rule };
}

/** the cell of the role matrix, with what it asks beyond the class. */
function rolePiece(principal: Principal, ask: Ask): Piece {
  const written = all(writable(principal), dutyRule(principal), deletable(principal, ask));
  const rule = isWrite(ask.action) ? written : viewable(principal, ask);
  return { name: 'role', rules: ['R-05'], rule };
}

/** of what can be finished, a system deletes its own drafts alone. */
function deletable(principal: Principal, ask: Ask): RowRule {
  if (ask.action !== 'delete' || principal.kind !== 'system') return TRUE;
  return any(not(inTypes(...DRAFT_TYPES)), all(tagged(DRAFT_TAG), byAuthor(selvesOf(principal))));
}

function viewable(principal: Principal, ask: Ask): RowRule {
  const seen = (...views: Parameters<typeof classesSeen>[1][]) => inClasses(classesSeen(principal.role, ...views));
  const through = (kind: RelationshipKind[]) =>
    any(relatedBy(principal, kind, READ_GRACE_DAYS, 'row'), brokenGlass(principal, ask));
  const service = servicesOf(principal);
  return any(
    seen('full', 'summary', 'summary-permitted', 'exists'),
    all(seen('edd', 'edd-permitted'), tagged(EDD_TAG)),
    all(seen('own'), byAuthor(selvesOf(principal))),
    all(seen('copy'), inTypes('Observation', 'RiskAssessment')),
    all(seen('summary-shared'), any(consentForEvery('override', service), consentForEvery('permit', service))),
    all(seen('care-team'), through(['care-team', 'episode', 'registered'])),
    all(seen('attendance'), through(['attendance'])),
    all(seen('supervision'), any(through(['supervision']), supervision(principal, ask, 'row'))),
    all(seen('authors'), byAuthor(selvesOf(principal))),
  );
}

function writable(principal: Principal): RowRule {
  const written = (...kinds: Parameters<typeof classesWritten>[1][]) =>
    inClasses(classesWritten(principal.role, ...kinds));
  // an override is a safeguarding decision, or a clinician's whom safeguarding advised by name; nobody else opens a
  // record to a service that is objected to.
  return any(
    all(written('yes'), any(not(tagged(OVERRIDE_TAG)), tagged(ADVISED_TAG))),
    all(written('override'), tagged(OVERRIDE_TAG)),
    all(written('own'), byAuthor(selvesOf(principal))),
    all(written('assigned'), inTypes('Task'), related(principal.parties, ['task'], { scoped: true, pregnancy: 'any' })),
    all(written('responses'), inTypes('QuestionnaireResponse')),
  );
}
