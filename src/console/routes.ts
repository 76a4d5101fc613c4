/**
 * The console for people at `/console`: thin routes around `record/`. Every request of somebody signed in asks the
 * directory again who she is, as every token does; the record decides and records, the pages only say it in words.
 */
import express, { type RequestHandler, type Response, type Router } from 'express';
import { Outcome } from '../fhir/outcome.ts';
import { DEMO_LIST_PATH, DEMO_PROVIDER_PATH, type DemoProvider } from '../identity/demo-provider.ts';
import { storeFault } from '../record/store-fault.ts';
import { againPage, provenLately } from './again.ts';
import { openAssets } from './assets.ts';
import { demoPeople } from './demo-people.ts';
import { type Handler, ownForm, signedIn } from './guards.ts';
import { message, type Page, redirect } from './pages.ts';
import { providerSignIn, RETURN_PATH } from './provider-sign-in.ts';
import { openTemplates, type Render } from './render.ts';
import { type ConsolePage, menuOf, SECTIONS } from './sections.ts';
import { securityHeaders } from './security.ts';
import { cookieNameOf, createSessions } from './session.ts';
import { idlePage, signOut } from './sign-in.ts';
import { uploads } from './upload.ts';
import { type Browser, type ConsoleDeps, type Visit, visitOf } from './visit.ts';

export type { ConsoleDeps } from './visit.ts';

const FORM_LIMIT = 8_192;
/** A form with a box for each element of a resource. */
const WIDE_FORM_LIMIT = 131_072;
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
    render: openTemplates({ assets: assets.base, serviceMode: deps.door.mode }),
    cookieName: cookieNameOf(secure),
    secure,
  };
  const router = express.Router();
  router.use('/console/assets', assets.serve);
  router.use('/console', ...securityHeaders(secure));
  const way = deps.signIn;
  if (way === null || (way.demo !== null && deps.door.mode === 'production')) {
    router.use('/console', notConfigured(desk));
    return router;
  }
  const form = express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 60 });
  const wide = express.urlencoded({ extended: false, limit: WIDE_FORM_LIMIT, parameterLimit: 1_000 });
  const shown = (handler: Handler): RequestHandler => answered(desk, handler);
  const posted = (handler: Handler): RequestHandler[] => [form, shown(ownForm(handler))];

  const signIn = providerSignIn(way);
  router.get('/console/sign-in', shown(signIn.show)).get('/console/sign-in/start', shown(signIn.start));
  router.get(RETURN_PATH, shown(signIn.finish));
  router.post('/console/sign-in/role', ...posted(signIn.choose));
  if (way.demo !== null) router.use(demoRoutes(way.demo, { form, shown }));
  router.get('/console/again', shown(signedIn(againPage)));
  router.get('/console/idle', shown(idlePage));
  router.post('/console/sign-out', ...posted(signOut));
  for (const page of SECTIONS.flatMap(({ pages }) => pages)) {
    const { path, show, send } = page;
    if (show !== undefined) router.get(path, answered(desk, signedIn(show), page));
    if (send !== undefined)
      router.post(
        path,
        page.wide === true ? wide : form,
        ...(page.upload === true ? uploads() : []),
        answered(desk, ownForm(signedIn(page.again === true ? provenLately(send) : send)), page),
      );
  }
  router.use('/console', shown(notFoundPage));
  router.use('/console', formFault(desk));
  return router;
}

/** The built-in provider, at its own path, and its list of people. */
function demoRoutes(
  demo: DemoProvider,
  { form, shown }: { form: RequestHandler; shown(handler: Handler): RequestHandler },
): Router {
  const people = demoPeople(demo);
  const router = express.Router();
  router.use(DEMO_PROVIDER_PATH, (request, response, next) => {
    demo.serve({ request, response }).catch(next);
  });
  router.get(`${DEMO_LIST_PATH}/:id`, (request, response, next) =>
    shown(people.show({ request, response }))(request, response, next),
  );
  router.post(`${DEMO_LIST_PATH}/:id`, form, (request, response, next) =>
    shown(ownForm(people.choose({ request, response })))(request, response, next),
  );
  return router;
}

function notFoundPage(): Page {
  return message(404, 'Page not found', ['If you typed the address, check it is correct.']);
}

/** One request: session, handler, page; a refusal or a bug becomes a page too. */
function answered(desk: Desk, handler: Handler, shown: ConsolePage | null = null): RequestHandler {
  return async (request, response) => {
    const visit = visitOf(desk, request, response);
    let page: Page;
    try {
      page = await handler(visit);
    } catch (error) {
      page = faultPage(desk, visit, error);
    }
    send(desk, { visit, response, shown }, page);
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
  const fault = error instanceof Outcome ? error : storeFault(error);
  if (fault !== null) {
    const unrecorded = fault.issues[0]?.detail?.code === 'audit-unavailable';
    return message(503, 'Sorry, nothing can be shown now', [
      unrecorded ? 'Your look could not be recorded, so nothing is shown.' : `${fault.message}.`,
      'Try again in a few minutes.',
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

interface Answering {
  visit: Visit;
  response: Response;
  shown: ConsolePage | null;
}

function send(desk: Desk, { visit, response, shown }: Answering, page: Page): void {
  if ('redirect' in page) {
    redirect(response, page.redirect);
    return;
  }
  if ('file' in page) {
    const { name, type, text } = page.file;
    response.set('Content-Disposition', `attachment; filename="${name}"`).set('Content-Type', type);
    response.send(typeof text === 'string' ? Buffer.from(text) : text);
    return;
  }
  const { session, sessions, cookie } = visit;
  if (visit.refresh !== null) response.set('Refresh', `0; url=${visit.refresh}`);
  else if (session !== null) response.set('Refresh', `${LEAVE_SCREEN}; url=/console/idle`);
  const html = desk.render(page.template, {
    ...page.context,
    formToken: sessions.formToken(cookie),
    signedInAs: session?.person.name ?? null,
    menu: menuOf(session === null ? null : visit.role, shown),
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
      menu: menuOf(null, null),
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
    send(desk, { visit: visitOf(desk, request, response), response, shown: null }, page);
  };
}
