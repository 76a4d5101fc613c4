/**
 * Letters of a request: the copy itself (what it is, what is in it by kind, who looked), and what she is told on the way:
 * that it is extended and why, what she is asked, and why it is refused. Pure.
 */
import type { Resource } from '../../fhir/types.ts';
import type { SarJob } from '../../store/models/sar-jobs.ts';
import type { AccessLine } from './accesses.ts';
import { purposeInLetter, roleInLetter, typeInLetter } from './letter-words.ts';
import type { Letter } from './pdf.ts';
import { dateWords, type Names, type Readable, readableOf } from './readable.ts';

/** Parts in the order of the letter; what is in none comes last. */
const PARTS: readonly { heading: string; types: readonly string[] }[] = [
  { heading: 'You', types: ['Patient', 'RelatedPerson', 'Person', 'Group', 'Consent'] },
  {
    heading: 'Your care and visits',
    types: ['EpisodeOfCare', 'Encounter', 'CareTeam', 'Appointment', 'AppointmentResponse'],
  },
  { heading: 'Referrals and tasks', types: ['ServiceRequest', 'Task'] },
  { heading: 'Assessments', types: ['QuestionnaireResponse', 'RiskAssessment', 'ClinicalImpression'] },
  { heading: 'Plans', types: ['CarePlan', 'Goal'] },
  { heading: 'Findings', types: ['Observation', 'Condition', 'AllergyIntolerance', 'Procedure', 'Flag'] },
  { heading: 'Letters and documents', types: ['DocumentReference', 'Composition', 'Binary', 'Communication'] },
];

/** What she is told by letter on the way, by the step that is told. */
export const NEWS = ['extend', 'pause', 'refuse'] as const;
export type News = (typeof NEWS)[number];

const NEWS_TITLES: Readonly<Record<News, string>> = {
  extend: 'Your request for a record: we need more time',
  pause: 'Your request for a record: please tell us more',
  refuse: 'Your request for a record: we cannot do this',
};

/** A letter about one step, in the words of whoever took it. `due`: the last day of the answer as it stands now. */
export function newsOf(
  job: Pick<SarJob, 'reference' | 'received'>,
  news: { kind: News; words: string; at: Date; due: string },
): Letter {
  const { kind, words, at, due } = news;
  const last = dateWords(due) ?? due;
  const then: Readonly<Record<News, string>> = {
    extend: `This request is complex. We will answer it by ${last}.`,
    pause: 'The time to answer stands still until we hear from you.',
    refuse: 'You can ask us to look at this again, complain to the Information Commissioner, or go to a court.',
  };
  return {
    title: NEWS_TITLES[kind],
    about: [
      `Request ${job.reference}, which came in on ${dateWords(job.received) ?? job.received}. Written on ${dateWords(at.toISOString()) ?? ''}.`,
      words,
      then[kind],
    ],
    parts: [],
    at,
  };
}

export function letterOf(
  job: Pick<SarJob, 'reference' | 'received' | 'child'>,
  copies: {
    resources: readonly Resource[];
    names: Names;
    accesses: { lines: readonly AccessLine[]; more: boolean } | null;
  },
  at: Date,
): Letter {
  const known = PARTS.flatMap(({ types }) => types);
  const parts = [
    ...PARTS.map(({ heading, types }) => ({ heading, of: (type: string) => types.includes(type) })),
    { heading: 'Everything else', of: (type: string) => !known.includes(type) },
  ].flatMap(({ heading, of }) => {
    const entries = copies.resources
      .filter(({ resourceType }) => of(resourceType))
      .map((one) => readableOf(one, copies.names));
    return entries.length === 0 ? [] : [{ heading, entries }];
  });
  const accesses = copies.accesses === null ? [] : [accessPart(copies.accesses)];
  return {
    title: job.child ? 'A copy of the record of a child' : 'A copy of your record',
    about: [
      `Request ${job.reference}, which came in on ${dateWords(job.received) ?? job.received}. Made on ${dateWords(at.toISOString()) ?? ''}.`,
      'A file with the same content in the FHIR format comes with it. Times are those of London.',
    ],
    parts: [...parts, ...accesses],
    at,
  };
}

function accessPart({ lines, more }: { lines: readonly AccessLine[]; more: boolean }) {
  const list: Readable = {
    title: '',
    lines: lines.map(({ at, who, role, service, purpose, types }) => ({
      label: dateWords(at) ?? at,
      value: [who, roleInLetter(role), service, purposeInLetter(purpose), types.map(typeInLetter).join(', ')]
        .filter((one) => one !== null && one !== '')
        .join('; '),
    })),
  };
  const older: Readable[] = more ? [{ title: 'Older accesses are in the record and can be asked for', lines: [] }] : [];
  return { heading: 'Who looked at this record', entries: [list, ...older] };
}
