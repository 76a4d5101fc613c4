/**
 * The console for people at `/console`: thin routes around `record/`. Every request of somebody signed in asks the
 * directory again who she is, as every token does; the record decides and records, the pages only say it in words.
 */
import express, { type RequestHandler, type Response, type Router } from 'express';
import { Outcome } from '../fhir/outcome.ts';
import { lookFile, lookForm, lookPage, startLook } from './access-record.ts';
import { openAssets } from './assets.ts';
import { casePage, casePosted, openForm, openPosted } from './cases.ts';
import { demoSignIn } from './demo-sign-in.ts';
import { accessesPage, alertsPage, casesPage, startPage } from './desk.ts';
import { type Handler, ownForm, signedIn } from './guards.ts';
import { message, type Page, redirect } from './pages.ts';
import { providerSignIn, RETURN_PATH } from './provider-sign-in.ts';
import { exportPosted, questionsPage } from './questions.ts';
import { openTemplates, type Render } from './render.ts';
import { securityHeaders } from './security.ts';
import { createSessions } from './session.ts';
import { idlePage, signOut } from './sign-in.ts';
import { type Browser, type ConsoleDeps, type Visit, visitOf } from './visit.ts';

export type { ConsoleDeps } from './visit.ts';

const FORM_LIMIT = 8_192;
/** Seconds after which a page that was left alone leaves the screen: just longer than the session lives. */
const LEAVE_SCREEN = 15 * 60 + 5;

interface Desk extends Browser {
  render: Render;
}

/** Router with absolute paths, to be mounted at the root. */
export function consoleRoutes(deps: ConsoleDeps): Router {
  const assets = openAssets();
  const secure = deps.issuer.startsWith('https:');
  const desk: Desk = {
    deps,
    sessions: createSessions(deps.door.clock),
    render: openTemplates({ assets: assets.base, mode: deps.door.mode }),
    cookieName: secure ? '__Secure-tandem-console' : 'tandem-console',
    secure,
  };
  const router = express.Router();
  router.use('/console/assets', assets.serve);
  router.use('/console', ...securityHeaders(secure));
  const way = deps.signIn;
  if (way === null || (way.kind === 'demo' && deps.door.mode !== 'demo')) {
    router.use('/console', notConfigured(desk));
    return router;
  }
  const form = express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 30 });
  const shown = (handler: Handler): RequestHandler => answered(desk, handler);
  const posted = (handler: Handler): RequestHandler[] => [form, shown(ownForm(handler))];

  router.get('/console', shown(signedIn(startPage)));
  if (way.kind === 'demo') {
    const demo = demoSignIn(way.identities);
    router.get('/console/sign-in', shown(demo.show)).post('/console/sign-in', ...posted(demo.pick));
  } else {
    const outside = providerSignIn(way.provider);
    router.get('/console/sign-in', shown(outside.show)).get('/console/sign-in/start', shown(outside.start));
    router.get(RETURN_PATH, shown(outside.finish));
  }
  router.get('/console/idle', shown(idlePage));
  router.post('/console/sign-out', ...posted(signOut));
  router.get('/console/access-record', shown(signedIn(lookForm)));
  router.post('/console/access-record', ...posted(signedIn(startLook)));
  router.get('/console/access-record/:look', shown(signedIn(lookPage)));
  router.post('/console/access-record/:look/file', ...posted(signedIn(lookFile)));
  router.get('/console/alerts', shown(signedIn(alertsPage)));
  router.get('/console/accesses', shown(signedIn(accessesPage)));
  router.get('/console/questions', shown(signedIn(questionsPage)));
  router.post('/console/questions/file', ...posted(signedIn(exportPosted)));
  router.get('/console/cases', shown(signedIn(casesPage)));
  router.get('/console/cases/open', shown(signedIn(openForm)));
  router.post('/console/cases/open', ...posted(signedIn(openPosted)));
  router.get('/console/cases/:look', shown(signedIn(casePage)));
  router.post('/console/cases/:look', ...posted(signedIn(casePosted)));
  router.use('/console', shown(notFoundPage));
  router.use('/console', formFault(desk));
  return router;
}

function notFoundPage(): Page {
  return message(404, 'Page not found', ['If you typed the address, check it is correct.']);
}

/** One request: session, handler, page; a refusal or a bug becomes a page too. */
function answered(desk: Desk, handler: Handler): RequestHandler {
  return async (request, response) => {
    const visit = visitOf(desk, request, response);
    let page: Page;
    try {
      page = await handler(visit);
    } catch (error) {
      page = faultPage(desk, visit, error);
    }
    send(desk, visit, response, page);
  };
}

function faultPage(desk: Desk, visit: Visit, error: unknown): Page {
  const { requestId } = visit;
  if (error instanceof Outcome && error.status === 403) {
    return message(403, 'You cannot open this page', [
      error.message,
      'Your attempt has been recorded. If you need this for your work, ask your information governance team.',
    ]);
  }
  if (error instanceof Outcome && error.status === 409) {
    return message(409, 'This was not possible', [error.message, 'Nothing was changed.']);
  }
  if (error instanceof Outcome && error.status < 500) {
    return message(error.status, 'This cannot be shown', [error.message]);
  }
  if (error instanceof Outcome) {
    return message(503, 'Sorry, nothing can be shown now', [
      'Your look could not be recorded, so nothing is shown. Try again in a few minutes.',
    ]);
  }
  // The class only: a message may quote the record (H8).
  desk.deps.door.log.error('console request failed', {
    requestId,
    error: error instanceof Error ? error.name : typeof error,
  });
  return message(500, 'Sorry, there is a problem with this page', [
    `Try again later. Quote this reference: ${requestId}`,
  ]);
}

function send(desk: Desk, visit: Visit, response: Response, page: Page): void {
  if ('redirect' in page) {
    redirect(response, page.redirect);
    return;
  }
  if ('file' in page) {
    const { name, type, text } = page.file;
    response.set('Content-Disposition', `attachment; filename="${name}"`).set('Content-Type', type);
    response.send(Buffer.from(text));
    return;
  }
  const { session, sessions, cookie } = visit;
  if (visit.refresh !== null) response.set('Refresh', `0; url=${visit.refresh}`);
  else if (session !== null) response.set('Refresh', `${LEAVE_SCREEN}; url=/console/idle`);
  const html = desk.render(page.template, {
    ...page.context,
    formToken: sessions.formToken(cookie),
    signedInAs: session?.person.name ?? null,
  });
  response.status(page.status).type('html').send(html);
}

/** Without a sign-in nothing else is served. */
function notConfigured(desk: Desk): RequestHandler {
  return (_request, response) => {
    const html = desk.render('message', {
      heading: 'Sign-in is not configured',
      paragraphs: ['No sign-in is configured for this service, so the console is closed.'],
      way: null,
      signedInAs: null,
      formToken: '',
    });
    response.status(503).type('html').send(html);
  };
}

/** A form that cannot be read: too large, cut off, in another encoding. */
function formFault(desk: Desk): express.ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : 500;
    if (typeof status !== 'number' || status < 400 || status > 499) {
      next(error);
      return;
    }
    const page = message(status, 'This form could not be read', ['Open the page again and fill it in once more.']);
    send(desk, visitOf(desk, request, response), response, page);
  };
}
