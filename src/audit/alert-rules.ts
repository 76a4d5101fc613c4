/**
 * Alert rules A-01 to A-22 (domain.md 6.3) as predicates over one sealed record and what is known around it. Pure. They
 * ship observing, except those that domain.md makes live from the first day.
 */
import type { AlertFacts, AlertRule, Thresholds } from './alert-types.ts';
import type { AuditEntry } from './types.ts';

/** domain.md 6.3; each can be set by configuration. */
export const THRESHOLDS: Thresholds = {
  openedFloor: 30,
  deviations: 3,
  peerFactor: 3,
  peerFloor: 1,
  denials: 5,
  denialMinutes: 10,
  deniedPeople: 3,
  exportCap: 50,
  nameSearches: 5,
  nameSearchMinutes: 15,
  permitHours: 24,
  nightPatients: 3,
  repeats: 3,
  volumeFloor: 500,
  volumeFactor: 10,
};

const OPENING: readonly AuditEntry['interaction'][] = ['read', 'vread', 'history-instance', 'operation'];
const HOUR = 60;
const DAY = 24 * HOUR;

/** A person of staff opened somebody's record. */
export function opens(entry: AuditEntry): boolean {
  return (
    entry.agent.kind === 'staff' &&
    entry.outcome === 0 &&
    OPENING.includes(entry.interaction) &&
    entry.patients.length > 0 &&
    !isGovernance(entry)
  );
}

/** A person of staff was refused by a rule. */
export function isDenied(entry: AuditEntry): boolean {
  return entry.agent.kind === 'staff' && entry.outcome === 4 && entry.reason !== null;
}

/** Anybody was refused by a rule (Q11). */
export function isRefused(entry: AuditEntry): boolean {
  return entry.outcome === 4 && entry.reason !== null;
}

/** A search of people by name, or a trace. Names of parameters only: what was asked for is encrypted. */
export function isNameSearch(entry: AuditEntry): boolean {
  if (entry.agent.kind !== 'staff' || entry.outcome !== 0) return false;
  if (entry.detail?.startsWith('$trace') === true) return true;
  const { query } = entry;
  if (query === null || !entry.interaction.startsWith('search')) return false;
  return /(?:^|&)(?:name|family|given|phonetic|[a-z]+\.(?:name|family|given))(?::[a-z]+)?=/.test(query.cleaned);
}

/** An export, print or download. */
export function isExport(entry: AuditEntry): boolean {
  return entry.interaction === 'disclosure' && entry.detail?.startsWith('export') === true;
}

const LONDON_HOUR = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/London', hour: '2-digit', hourCycle: 'h23' });

/** Q6: 20:00 to 07:00 in London. */
export function isOutOfHours(at: string): boolean {
  const hour = Number(LONDON_HOUR.format(new Date(at)));
  return hour >= 20 || hour < 7;
}

/** Officers look at the trail, not at care. */
function isGovernance(entry: AuditEntry): boolean {
  const { role } = entry.agent;
  return role === 'ig-officer' || role === 'caldicott-guardian' || role === 'sar-officer';
}

function rule(id: string, words: string, more: Partial<AlertRule> & Pick<AlertRule, 'fires'>): AlertRule {
  const usual = {
    severity: 'medium',
    owner: 'ig-officer',
    mode: 'observe',
    suppressed: [],
    quietMinutes: DAY,
  } as const;
  return { id, words, ...usual, ...more };
}

/** Alerts from the first day: other rules promise them (domain.md, "Observe mode"). */
const LIVE = { mode: 'live', severity: 'high' } as const;

export const ALERT_RULES: readonly AlertRule[] = [
  rule('A-01', 'Break-glass was used', {
    ...LIVE,
    quietMinutes: HOUR,
    fires: ({ outcome, purpose, rules, detail }) =>
      outcome === 0 && (purpose === 'BTG' || rules.includes('R-18') || detail?.startsWith('break-glass') === true),
  }),
  rule('A-02', 'A relationship was self-claimed', {
    ...LIVE,
    severity: 'medium',
    fires: ({ outcome, rules, detail }) =>
      outcome === 0 && (rules.includes('R-07') || detail?.startsWith('self-claim') === true),
  }),
  rule('A-03', 'Somebody opened their own record, or tried to', {
    ...LIVE,
    fires: (entry, facts) => entry.reason === 'own-record' || (opens(entry) && facts.sameSelf),
  }),
  rule('A-04', 'Same surname, and the same postcode or age band', {
    fires: (entry, facts) => opens(entry) && facts.sameSurname && (facts.samePostcode || facts.sameAgeBand),
  }),
  rule('A-05', 'Same address or household', { fires: (entry, facts) => opens(entry) && facts.sameAddress }),
  rule('A-06', 'A record of staff or of a known person, opened from outside the named list', {
    fires: (entry, facts) =>
      // Vector 17: an attempt that is refused counts as well.
      (opens(entry) || isDenied(entry)) &&
      (facts.tags.has('EMP') || facts.tags.has('CEL')) &&
      !['named', 'handler'].some((kind) => facts.relationships.has(kind)),
  }),
  rule('A-07', 'Access or attempt after the relationship ended', {
    fires: (entry, facts) => (opens(entry) || isDenied(entry)) && facts.relationshipOver,
  }),
  rule('A-08', 'More records opened than usual', {
    quietMinutes: HOUR,
    fires: (entry, facts, t) => opens(entry) && (isAboveUsual(facts, t) || isAbovePeers(facts, t)),
  }),
  rule('A-09', 'Out of hours and not on a duty list', {
    // Silent until a duty list is loaded: then nobody is known to be off it.
    fires: (entry, facts, t) =>
      opens(entry) && isOutOfHours(entry.at) && facts.rostered === false && facts.openedHour >= t.nightPatients,
  }),
  rule('A-10', 'Repeated refusals', {
    quietMinutes: HOUR,
    fires: (entry, facts, t) => isDenied(entry) && (facts.denials >= t.denials || facts.deniedPeople >= t.deniedPeople),
  }),
  rule('A-11', 'A very restricted or address-restricted record, opened from outside the named list', {
    ...LIVE,
    fires: (entry, facts) =>
      opens(entry) &&
      (isOffTheList(VERY, isSealed(entry, facts), facts) || isOffTheList(NAMED, isRestricted(facts), facts)),
  }),
  rule('A-12', 'A restricted record opened without a personal explanation', {
    fires: (entry, facts) => opens(entry) && entry.label === 'R' && facts.explanation === null,
  }),
  rule('A-13', 'An export above the cap, or a first export', {
    fires: (entry, facts, t) => isExport(entry) && (facts.firstExport || entry.patients.length > t.exportCap),
  }),
  rule('A-14', 'Searches by name with nothing opened', {
    quietMinutes: HOUR,
    fires: (entry, facts, t) => isNameSearch(entry) && facts.nameSearches >= t.nameSearches && facts.openedSince === 0,
  }),
  rule('A-15', 'A restricted record, opened from a place she never came from before', {
    // Devices and distances are not known here: a network address that is new for her stands for both.
    fires: (entry, facts) => opens(entry) && facts.newPlace && (entry.label === 'R' || entry.label === 'V'),
  }),
  rule('A-16', 'The access record is not whole, or could not be written', {
    ...LIVE,
    quietMinutes: HOUR,
    // Comes from the proof and the clock, not from a record: jobs raise it.
    fires: () => false,
  }),
  rule('A-17', 'Notifications go to another address than before, or many more than usual', {
    quietMinutes: HOUR,
    fires: (entry, facts, t) => entry.interaction === 'disclosure' && (facts.endpointChanged || isSpike(facts, t)),
  }),
  rule('A-18', 'Consent changed, then used by who gains from it', {
    fires: (entry, facts) => entry.outcome === 0 && OPENING.includes(entry.interaction) && facts.newlyPermitted,
  }),
  rule('A-19', 'The same small thing again and again', {
    severity: 'low',
    quietMinutes: 30 * DAY,
    fires: (_entry, facts, t) => facts.smallRuleNow && facts.sameRuleBefore >= t.repeats,
  }),
  rule('A-20', 'A label was lowered and the record released', {
    fires: (entry, facts) => entry.outcome === 0 && facts.releasedAfterDowngrade,
  }),
  rule('A-21', 'Read under an expired agreement', {
    ...LIVE,
    severity: 'medium',
    fires: (entry, facts) => opens(entry) && facts.agreementExpired,
  }),
  rule('A-22', 'A notification was withheld from its own addressee', {
    ...LIVE,
    quietMinutes: HOUR,
    fires: isNotToldItsAddressee,
  }),
];

/** Rules of low weight whose repetition is one case. */
export const SMALL: readonly string[] = ['A-02', 'A-04', 'A-05', 'A-07', 'A-10', 'A-12', 'A-14'];

/** label V has a list of its own. A restricted address is known to those who are named in her care. */
const VERY = ['named'];
const NAMED = ['named', 'care-team', 'episode', 'referral-accepted'];

/** Label V, of the row itself or of the woman's whole record. */
function isSealed({ label }: AuditEntry, { consents }: AlertFacts): boolean {
  return label === 'V' || consents.has('sealed');
}

function isRestricted({ consents }: AlertFacts): boolean {
  return consents.has('s-flag') || consents.has('restriction');
}

function isOffTheList(list: readonly string[], applies: boolean, { relationships }: AlertFacts): boolean {
  return applies && !list.some((kind) => relationships.has(kind));
}

/** A referral or stop event that its addressee will not hear of by itself: withheld, given up, or with nowhere to send it. */
function isNotToldItsAddressee({ interaction, detail, outcome, entities, rules }: AuditEntry): boolean {
  if (interaction !== 'disclosure' || detail === null) return false;
  const isTheirs = /^(ServiceRequest|Task)\//.test(entities[0] ?? '') || rules.includes('R-49');
  const isWithheld = detail === 'withheld' || (outcome === 4 && (detail === 'ended' || detail.startsWith('intent ')));
  return isTheirs && (isWithheld || detail === 'undeliverable');
}

function isSpike({ volumeHour, volumeUsual }: AlertFacts, { volumeFloor, volumeFactor }: Thresholds): boolean {
  return volumeHour > volumeFloor && volumeHour > volumeFactor * (volumeUsual ?? 0);
}

function isAboveUsual({ openedHour, usualHour }: AlertFacts, { openedFloor, deviations }: Thresholds): boolean {
  const own = usualHour === null ? 0 : usualHour.mean + deviations * usualHour.deviation;
  return openedHour > Math.max(openedFloor, own);
}

function isAbovePeers({ openedDay, peerMedian }: AlertFacts, { peerFloor, peerFactor }: Thresholds): boolean {
  return peerMedian !== null && openedDay > peerFloor && openedDay > peerFactor * peerMedian;
}
