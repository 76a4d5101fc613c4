/**
 * Every page behind the sign-in, once: the router serves these rows, the menu shows them, and a test opens each of them.
 * A new page is one row here. Who may open it is decided by its handler; `roles` only say in whose menu it stands.
 */
import type { Role } from '../governance/types.ts';
import { JUDGES } from '../oversight/sar/requests.ts';
import { WAITERS } from '../oversight/waits.ts';
import type { Context } from '../record/types.ts';
import { lookFile, lookForm, lookPage, startLook } from './access-record.ts';
import {
  agreementPage,
  agreementsPage,
  changeForm,
  changePosted,
  newAgreementForm,
  proposePosted,
  revokePosted,
} from './agreements.ts';
import { ASKED, askedPage } from './asked.ts';
import { contentPosted } from './case-content.ts';
import { openForm, openPosted } from './case-open.ts';
import { casePage, casePosted } from './cases.ts';
import { concernsPage } from './concerns.ts';
import { accessesPage, alertsPage, casesPage } from './desk.ts';
import { accessPage, accessPosted, notArrivedPage, reviewsPage } from './desk-work.ts';
import { DIRECTORY_PAGES } from './directory/pages.ts';
import { exportsPage, exportsPosted } from './exports.ts';
import type { OfficerHandler } from './guards.ts';
import { namedListsPage, namedListsPosted } from './named-lists.ts';
import { packPage, packPosted } from './pack.ts';
import type { Page } from './pages.ts';
import { personForm, personPosted, timelinePage } from './person.ts';
import { proofPage, proofPosted } from './proof.ts';
import { proposalPage, proposalPosted, proposalsPage } from './proposals.ts';
import { exportPosted, questionsPage } from './questions.ts';
import { replayPage, replayPosted, replayStepped, replaysPage } from './replays.ts';
import { filePosted, itemPage, itemPosted, queuePage, queuePosted } from './request-items.ts';
import { copyPosted, requestForm, requestPage, requestPosted, requestStepped, requestsPage } from './requests.ts';
import { retentionPage, retentionPosted } from './retention.ts';
import { certificatePosted, schedulePage, schedulePosted } from './retention-schedule.ts';
import { rulesPage, rulesPosted } from './rules.ts';
import { samplePage, samplePosted, samplesPage, samplesPosted } from './samples.ts';
import { savedPosted } from './saved.ts';
import { settingsPage, settingsPosted } from './settings.ts';
import { simulatorForm, simulatorPosted } from './simulator.ts';
import { nothingHere, startPage } from './start.ts';
import type { Visit } from './visit.ts';
import { WAITS, waitsPage, waitsPosted } from './waits.ts';
import { WHO_VIEWED, whoViewedPage } from './who-viewed.ts';

export interface ConsolePage {
  /** Express path; its parameters are `visit.params`. */
  path: string;
  /** Answers GET. */
  show?: OfficerHandler;
  /** Answers POST of a form with the token of this browser. */
  send?: OfficerHandler;
  /** Sending it wants somebody who proved lately who she is. */
  again?: boolean;
  /** Its form brings a file. */
  upload?: boolean;
  /** Its form has very many fields. */
  wide?: true;
  /** Words in the menu; a page without them is reached from another one. */
  menu?: string;
  /** In whose menu it stands, when not in that of all of the section. */
  roles?: readonly Role[];
}

export interface Section {
  words: string;
  roles: readonly Role[];
  pages: readonly ConsolePage[];
}

const OFFICERS: readonly Role[] = ['ig-officer', 'caldicott-guardian'];

/** People of the services and beside them: their start says what waits for them. */
const SERVICES: readonly Role[] = [...WAITERS, 'gp', 'social-worker', 'service-lead'];

/** In the order of the menu; a section without a page for somebody does not show. */
export const SECTIONS: readonly Section[] = [
  {
    words: 'Today',
    roles: [...OFFICERS, 'sysadmin', 'sar-officer', ...SERVICES],
    pages: [{ path: '/console', show: home, menu: 'Today' }],
  },
  {
    words: 'Referrals',
    roles: WAITERS,
    pages: [{ path: WAITS, show: waitsPage, send: waitsPosted, menu: 'Who waits for whom' }],
  },
  {
    words: 'Concerns',
    roles: ['safeguarding'],
    pages: [{ path: '/console/concerns', show: concernsPage, menu: 'About a child' }],
  },
  {
    words: 'My record',
    roles: ['mother'],
    pages: [{ path: WHO_VIEWED, show: whoViewedPage, menu: 'Who has viewed it' }],
  },
  {
    words: 'Who looked',
    roles: OFFICERS,
    pages: [
      { path: '/console/access-record', show: lookForm, send: startLook, menu: 'At a record', roles: ['ig-officer'] },
      { path: '/console/access-record/:look', show: lookPage },
      { path: '/console/access-record/:look/file', send: lookFile, again: true },
      {
        path: '/console/named-lists',
        show: namedListsPage,
        send: namedListsPosted,
        again: true,
        menu: 'Named lists',
      },
      { path: '/console/person', show: personForm, send: personPosted, menu: 'At a person’s work' },
      { path: '/console/accesses', show: accessesPage, menu: 'Accesses to review' },
      { path: '/console/accesses/:look', show: accessPage, send: accessPosted },
      { path: '/console/questions', show: questionsPage, menu: 'Questions' },
      { path: '/console/questions/file', send: exportPosted, again: true },
      { path: '/console/questions/saved', send: savedPosted },
      { path: '/console/exports', show: exportsPage, send: exportsPosted, menu: 'Files for a second officer' },
    ],
  },
  {
    words: 'Alerts and cases',
    roles: OFFICERS,
    pages: [
      { path: '/console/alerts', show: alertsPage, menu: 'Alerts' },
      { path: '/console/reviews', show: reviewsPage, menu: 'Break-glass and claims' },
      { path: '/console/not-arrived', show: notArrivedPage, menu: 'Not arrived' },
      { path: '/console/cases', show: casesPage, menu: 'Cases' },
      { path: '/console/cases/open', show: openForm, send: openPosted },
      { path: '/console/cases/:look', show: casePage, send: casePosted, wide: true },
      { path: '/console/cases/:look/timeline', show: timelinePage },
      { path: '/console/cases/:look/content', send: contentPosted },
    ],
  },
  {
    words: 'Agreements',
    roles: [...OFFICERS, 'sysadmin'],
    pages: [
      { path: '/console/agreements', show: agreementsPage, menu: 'Register' },
      { path: '/console/agreements/propose', show: newAgreementForm, send: proposePosted },
      { path: '/console/agreements/:look', show: agreementPage },
      { path: '/console/agreements/:look/change', show: changeForm, send: changePosted },
      { path: '/console/agreements/:look/revoke', send: revokePosted },
      { path: '/console/simulator', show: simulatorForm, send: simulatorPosted, menu: 'Simulator', roles: OFFICERS },
      { path: '/console/replays', show: replaysPage, send: replayPosted, menu: 'Replay', roles: OFFICERS },
      { path: '/console/replays/:look', show: replayPage, send: replayStepped },
    ],
  },
  {
    words: 'Directory',
    roles: [...OFFICERS, 'sysadmin'],
    pages: [
      ...DIRECTORY_PAGES,
      { path: '/console/proposals', show: proposalsPage, menu: 'Waiting for a second person' },
      { path: '/console/proposals/:look', show: proposalPage, send: proposalPosted, again: true },
    ],
  },
  {
    words: 'Subject access',
    roles: ['sar-officer', 'caldicott-guardian', 'ig-officer'],
    pages: [
      { path: '/console/subject-access', show: requestsPage, menu: 'Requests for a record' },
      { path: '/console/subject-access/open', show: requestForm, send: requestPosted },
      { path: '/console/subject-access/:look', show: requestPage, send: requestStepped },
      { path: '/console/subject-access/:look/items', show: queuePage, send: queuePosted, wide: true },
      { path: '/console/subject-access/:look/items/:item', show: itemPage, send: itemPosted, wide: true },
      { path: '/console/subject-access/:look/items/:item/file', send: filePosted },
      { path: '/console/subject-access/:look/copy', send: copyPosted, again: true },
      {
        path: '/console/retention',
        show: retentionPage,
        send: retentionPosted,
        menu: 'Retention and hold',
        roles: ['sar-officer', 'caldicott-guardian'],
      },
      {
        path: '/console/retention/schedule',
        show: schedulePage,
        send: schedulePosted,
        menu: 'How long it is kept',
        roles: ['sar-officer', 'caldicott-guardian'],
      },
      { path: '/console/retention/certificate', send: certificatePosted },
    ],
  },
  {
    words: 'Asked of you',
    roles: JUDGES,
    pages: [{ path: ASKED, show: askedPage, menu: 'Opinions on serious harm' }],
  },
  {
    words: 'The trail',
    roles: OFFICERS,
    pages: [
      { path: '/console/samples', show: samplesPage, send: samplesPosted, menu: 'Random samples' },
      { path: '/console/samples/:look', show: samplePage, send: samplePosted },
      { path: '/console/pack', show: packPage, send: packPosted, menu: 'Monthly pack' },
      { path: '/console/proof', show: proofPage, send: proofPosted, menu: 'Is it whole?' },
    ],
  },
  {
    words: 'Settings',
    roles: OFFICERS,
    pages: [
      { path: '/console/rules', show: rulesPage, send: rulesPosted, menu: 'Alert rules' },
      { path: '/console/settings', show: settingsPage, send: settingsPosted, menu: 'Change alert rules' },
    ],
  },
];

/** Where somebody arrives: what needs her today; a family member at the first page of her menu, if there is one. */
async function home(visit: Visit, context: Context): Promise<Page> {
  const { kind, role } = context.principal;
  if (kind !== 'family') return startPage(visit, context);
  const first = menuOf(role, null).upper[0];
  return first === undefined ? nothingHere(visit, context) : { redirect: first.href };
}

export interface MenuItem {
  href: string;
  words: string;
  /** The page that is shown, or (in the upper menu) its section. */
  current: boolean;
}

/** Both rows of the menu for somebody of this role on this page; the lower one is empty where it would hold one page. */
export function menuOf(role: Role | null, shown: ConsolePage | null): { upper: MenuItem[]; lower: MenuItem[] } {
  const own = SECTIONS.map((section) => ({ section, pages: pagesFor(section, role) })).filter(
    ({ pages }) => pages.length > 0,
  );
  const isHere = ({ section }: { section: Section }) => shown !== null && section.pages.includes(shown);
  const upper = own.map((one) => ({
    href: one.pages[0]?.path ?? '',
    words: one.section.words,
    current: isHere(one),
  }));
  const here = own.find(isHere)?.pages ?? [];
  const lower = here.map((page) => ({ href: page.path, words: page.menu ?? '', current: page === shown }));
  return { upper, lower: lower.length > 1 ? lower : [] };
}

function pagesFor({ roles, pages }: Section, role: Role | null): ConsolePage[] {
  return pages.filter((page) => page.menu !== undefined && role !== null && (page.roles ?? roles).includes(role));
}
