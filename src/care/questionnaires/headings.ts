/**
 * The one table the instruments are generated from: the 21 headings of the My World Triangle (Crown copyright, Open
 * Government Licence v3.0) with our own prompts for an unborn baby, and the matrix lists (domain.md 2.3 and 2.4).
 */

export interface Side {
  side: 'grow' | 'need' | 'world';
  title: string;
  /** Seven headings in national order, each with our prompt; heading n becomes the group `mwt.<side>.<n>`. */
  headings: readonly (readonly [heading: string, prompt: string])[];
}

export const TRIANGLE: readonly Side[] = [
  {
    side: 'grow',
    title: 'How I grow and develop',
    headings: [
      [
        'Being healthy',
        "How is pregnancy going; scans, movements; parent's health, food, sleep, smoking, alcohol, medicines; attendance at appointments",
      ],
      ['Learning and achieving', "What is the baby hearing and sensing; parents' plans for play, talk, books"],
      [
        'Being able to communicate',
        'Talking or singing to baby; languages at home; hearing or speech needs in the family',
      ],
      [
        'Confidence in who I am',
        'Is baby thought of as a person (name, hopes); identity, culture, faith; wanted or planned feelings without judgement',
      ],
      ['Learning to be responsible', "Siblings' preparation; who will teach and model"],
      ['Becoming independent, looking after myself', 'Any scan findings or expected needs; neonatal care expected'],
      ['Enjoying family and friends', 'Siblings, grandparents, who is excited to meet baby'],
    ],
  },
  {
    side: 'need',
    title: 'What I need from people who look after me',
    headings: [
      ['Everyday care and help', 'Feeding intention, sleep place, equipment, routines, practical help after birth'],
      ['Keeping me safe', 'Safe sleep, smoke-free home, pets, car seat, substance use, who else is in the home'],
      ['Being there for me', 'Bonding, parent mood and anxiety, past loss or trauma, emotional availability'],
      ['Play, encouragement and fun', 'What parents enjoyed as children; ideas for baby'],
      [
        'Guidance, supporting me to make the right choices',
        'Parenting experience, classes, own experience of being parented',
      ],
      [
        'Knowing what is going to happen and when',
        'Birth preferences, who will be there, what happens after, named people',
      ],
      [
        "Understanding my family's background and beliefs",
        'Family history, culture, faith, health conditions, previous children',
      ],
    ],
  },
  {
    side: 'world',
    title: 'My wider world',
    headings: [
      ['Support from family, friends and other people', "Who helps at 3 a.m.; isolation; partner's support"],
      ['School', "Parents' education; nursery or school for siblings; childcare plans"],
      ['Enough money', 'Income, debt, benefits, Healthy Start, maternity pay, food and heat'],
      ['Work opportunities for my family', 'Jobs, leave, shift patterns, training'],
      ['Local resources', 'Family hub, groups, GP, transport'],
      ['Comfortable and safe housing', 'Tenure, damp, overcrowding, stairs, homelessness, move planned'],
      ['Belonging', 'Community, neighbours, discrimination, migration status worries'],
    ],
  },
];

export interface FactorList {
  factor: 'resilience' | 'vulnerability' | 'protective' | 'adversity';
  title: string;
  /** Candidate prompts in our words (domain.md 2.4): they open discussion, they are never ticked or counted. */
  prompt: string;
}

export const FACTORS: readonly FactorList[] = [
  {
    factor: 'resilience',
    title: 'What makes this baby and family strong',
    prompt: 'Attends, plans, reflects, warm talk about baby, coped before',
  },
  {
    factor: 'vulnerability',
    title: 'What makes this baby and family vulnerable',
    prompt:
      'Under 20, previous child removed, care leaver, learning needs, mental illness, unplanned, late or concealed pregnancy, multiple birth, prior loss, late booking',
  },
  {
    factor: 'protective',
    title: 'What around them protects',
    prompt: 'Supportive partner or family, stable home, income, trusted practitioner, community',
  },
  {
    factor: 'adversity',
    title: 'What around them is hard',
    prompt:
      'Abuse, substance misuse in household, homelessness, debt, isolation, recent migrant, asylum or language barrier, a person who poses risk in the home, sibling on a plan',
  },
];

/** The five questions of the National Practice Model (domain.md 2.1). */
export const FIVE_QUESTIONS: readonly (readonly [name: string, question: string])[] = [
  ['getting-in-the-way', 'What is getting in the way of wellbeing?'],
  ['information', 'Do I have all the information I need?'],
  ['i-can-do', 'What can I do now?'],
  ['my-service', 'What can my service do now?'],
  ['others', 'What other help is needed from others?'],
];

/** linkIds of the 21 heading groups, in order. */
export const HEADING_LINKS: readonly string[] = TRIANGLE.flatMap(({ side, headings }) =>
  headings.map((_, index) => `mwt.${side}.${index + 1}`),
);
