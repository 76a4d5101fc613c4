/** The relationship rules: through whom and how far a record is reached. */
import { all, any, byAuthor, FALSE, inClasses, inTypes, ofService, related, tagged } from './compose.ts';
import { isWrite } from './role-views.ts';
import type { Piece } from './row-rules.ts';
import type { RowRule } from './rule-types.ts';
import { isSealed } from './sealed.ts';
import { kindsFor, partiesFor, READ_GRACE_DAYS, SERVICE_KINDS } from './standing.ts';
import type { Ask, DataClass, Principal, RelationshipKind } from './types.ts';
import { DRAFT_TAG, EDD_TAG } from './vocabulary.ts';

/** Classes that belong to the woman, not to one pregnancy: H-07 forbids losing a warning between pregnancies. */
export const WHOLE_RECORD: readonly DataClass[] = ['consent', 'safeguarding-flag', 'scene-safety'];

/** a legitimate relationship with everyone the row is about. */
export function relationshipPiece(principal: Principal, ask: Ask): Piece {
  const write = isWrite(ask.action);
  const isBirthOfRecord = ask.action === 'create' ? all(inTypes('Patient'), ofService(servicesOf(principal))) : FALSE;
  // What its service already keeps, a system synchronises; what it creates about a person needs a relationship first, or
  // an appointment it makes up would open her record to it.
  const isKept = principal.kind === 'system' && ask.action !== 'create';
  const synchronised = isKept ? ofService(servicesOf(principal)) : FALSE;
  const live = relationshipRule(principal, ask, write ? 0 : READ_GRACE_DAYS);
  const late = lateEntry(principal, ask, relationshipRule(principal, ask, READ_GRACE_DAYS));
  const rule = any(isBirthOfRecord, synchronised, live, late);
  return { name: 'relationship', rules: ['R-06', 'R-13'], rule };
}

/** The relationships alone; `decide.ts` asks it again for reads to tell a missing role from a missing relationship. */
export function relationshipRule(principal: Principal, ask: Ask, graceDays: number): RowRule {
  const kinds = kindsFor(principal, ask);
  if (kinds.length === 0) return FALSE;
  const full = (options: { pregnancy: 'row' | 'any' }) => relatedBy(principal, kinds, graceDays, options.pregnancy);
  const parties = partiesFor(principal, 'referral');
  return any(
    full({ pregnancy: 'row' }),
    all(history(principal, ask), full({ pregnancy: 'any' })),
    all(inClasses([...WHOLE_RECORD, 'demographics']), full({ pregnancy: 'any' })),
    supervision(principal, ask, 'row'),
    all(inClasses([...WHOLE_RECORD, 'demographics']), supervision(principal, ask, 'any')),
    beforeAcceptance(parties, ask),
    bySealedList(principal, ask),
  );
}

/** whom two persons named for a V record has a relationship by that, for as long as the record is V. */
export function bySealedList(principal: Principal, ask: Ask): RowRule {
  if (ask.purpose === 'BTG' || principal.kind !== 'staff') return FALSE;
  return all(isSealed(), related(partiesFor(principal, 'named'), ['named'], { pregnancy: 'any' }));
}

/** an open referral covers demographics, what it names, this pregnancy's EDD, and the record of her own steps on it. */
function beforeAcceptance(parties: readonly string[], ask: Ask): RowRule {
  if (ask.purpose === 'BTG') return FALSE;
  return any(
    all(inClasses(['demographics']), related(parties, ['referral'], { pregnancy: 'any' })),
    all(inTypes('Provenance'), byAuthor(parties), related(parties, ['referral'], { pregnancy: 'any' })),
    related(parties, ['referral'], { pregnancy: 'any', scoped: true }),
    all(tagged(EDD_TAG), related(parties, ['referral'])),
  );
}

/** Relationships by person and team, and those a whole service holds (R-06 c, f). */
export function relatedBy(
  principal: Principal,
  kinds: readonly RelationshipKind[],
  graceDays: number,
  pregnancy: 'row' | 'any',
): RowRule {
  const personal = partiesFor(principal, 'care-team');
  const service = partiesFor(principal, 'referral').filter((one) => !personal.includes(one));
  const shared = kinds.filter((kind) => SERVICE_KINDS.includes(kind));
  return any(related(personal, kinds, { graceDays, pregnancy }), related(service, shared, { graceDays, pregnancy }));
}

/** a live grant, and only for the purpose it was given for. */
export function brokenGlass(principal: Principal, ask: Ask): RowRule {
  const isEmergency = ask.purpose === 'BTG' || ask.purpose === 'ETREAT';
  if (!isEmergency || !kindsFor(principal, ask).includes('break-glass')) return FALSE;
  return related(principal.parties, ['break-glass'], { pregnancy: 'any' });
}

/** label V opens only where the safeguarding lead named this person, and only in an emergency. */
export function sealedGlass(principal: Principal, ask: Ask): RowRule {
  const broken = brokenGlass(principal, ask);
  return broken.op === 'related' ? { ...broken, kinds: ['sealed-grant'] } : FALSE;
}

/** R-06 g: what the practitioner she supervises is assigned to by name, read only, and not under broken glass. */
export function supervision(principal: Principal, ask: Ask, pregnancy: 'row' | 'any'): RowRule {
  const { supervises = [] } = principal;
  if (isWrite(ask.action) || ask.purpose === 'BTG') return FALSE;
  return related(supervises, ['care-team', 'episode', 'referral-accepted'], { pregnancy });
}

/** earlier pregnancies are read, never written, by whoever gave a reason; she is related to the woman besides. */
function history(principal: Principal, ask: Ask): RowRule {
  if (isWrite(ask.action) || ask.purpose === 'BTG' || principal.practitionerRole === undefined) return FALSE;
  return related([principal.practitionerRole], ['history'], { pregnancy: 'any' });
}

/** The principal's own service, as a list of one or none. */
export function servicesOf(principal: Principal): string[] {
  return principal.service === undefined ? [] : [principal.service];
}

/** within the grace of a planned ending an author finishes and signs her own drafts; nothing else is written. */
export function lateEntry(principal: Principal, ask: Ask, withGrace: RowRule): RowRule {
  if (principal.kind !== 'staff' || (ask.action !== 'update' && ask.action !== 'patch')) return FALSE;
  const self = [principal.practitionerRole, principal.practitioner].filter((one) => one !== undefined);
  return all(tagged(DRAFT_TAG), byAuthor(self), withGrace);
}
