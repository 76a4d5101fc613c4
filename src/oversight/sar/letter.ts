/** The copy of a record as a letter: what it is, then what is in it by kind, then who looked. Pure. */
import type { Resource } from '../../fhir/types.ts';
import type { SarJob } from '../../store/models/sar-jobs.ts';
import type { AccessLine } from './accesses.ts';
import type { Letter } from './pdf.ts';
import { dateWords, type Readable, readableOf } from './readable.ts';

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

export function letterOf(
  job: Pick<SarJob, 'reference' | 'received' | 'child'>,
  copies: { resources: readonly Resource[]; accesses: { lines: readonly AccessLine[]; more: boolean } | null },
  at: Date,
): Letter {
  const known = PARTS.flatMap(({ types }) => types);
  const parts = [
    ...PARTS.map(({ heading, types }) => ({ heading, of: (type: string) => types.includes(type) })),
    { heading: 'Everything else', of: (type: string) => !known.includes(type) },
  ].flatMap(({ heading, of }) => {
    const entries = copies.resources.filter(({ resourceType }) => of(resourceType)).map(readableOf);
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
      value: [who, role, service, purpose, types.join(' ')].filter((one) => one !== null && one !== '').join('; '),
    })),
  };
  const older: Readable[] = more ? [{ title: 'Older accesses are in the record and can be asked for', lines: [] }] : [];
  return { heading: 'Who looked at this record', entries: [list, ...older] };
}
