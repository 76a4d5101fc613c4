/** The SMART and OAuth documents and endpoints. They tell only what exists (domain.md 4.7). */
import express, { type ErrorRequestHandler, type RequestHandler, type Response, type Router } from 'express';
import { ASSERTION_ALGORITHMS } from '../../identity/assertion.ts';
import { failureLimit } from './failures.ts';
import { introspectToken } from './introspect.ts';
import { answer, exchange, oauthError, type SmartDeps } from './oauth.ts';
import { issueToken } from './token.ts';

/** Bytes of a form: an assertion is at most 8 kB. */
const FORM_LIMIT = 16_384;
/** An address may fail so many times a minute. */
const FAILURES = 30;

/**
 * `/.well-known/smart-configuration`. `code_challenge_methods_supported` is required by SMART and must say S256 and never
 * `plain`; it promises nothing, since no grant type that uses it is listed.
 */
export function smartConfiguration(issuer: string) {
  const authentication = {
    methods: ['private_key_jwt'],
    algorithms: [...ASSERTION_ALGORITHMS],
  };
  return {
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    token_endpoint: `${issuer}/oauth/token`,
    token_endpoint_auth_methods_supported: authentication.methods,
    token_endpoint_auth_signing_alg_values_supported: authentication.algorithms,
    introspection_endpoint: `${issuer}/oauth/introspect`,
    introspection_endpoint_auth_methods_supported: authentication.methods,
    introspection_endpoint_auth_signing_alg_values_supported: authentication.algorithms,
    grant_types_supported: ['client_credentials'],
    scopes_supported: ['system/*.cruds', 'system/*.rs'],
    code_challenge_methods_supported: ['S256'],
    capabilities: ['client-confidential-asymmetric', 'permission-v2'],
  };
}

function onlyMethods(allow: string): RequestHandler {
  return (_request, response) => {
    response
      .set('Allow', allow)
      .status(405)
      .json({ error: 'invalid_request', error_description: `Use ${allow}.` });
  };
}

function publish(response: Response, body: unknown): void {
  // short enough for a rotation to be seen before the new key's first token is checked by a peer
  response.set('Cache-Control', 'public, max-age=60').json(body);
}

/** Body parser failures: too large (413), aborted or undecodable (400); in OAuth's own words, recorded like the rest. */
function badForm(deps: SmartDeps): ErrorRequestHandler {
  return async (error: unknown, _request, response, next) => {
    const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
    if (status !== 413 && status !== 400 && status !== 415) {
      next(error);
      return;
    }
    const words = status === 413 ? `The form is larger than ${FORM_LIMIT} bytes.` : 'The form cannot be read.';
    const verdict = { ...oauthError('invalid_request', words, status === 413 ? 'form-too-large' : 'form'), status };
    await answer(response, deps, verdict, deps.now?.() ?? new Date());
  };
}

/**
 * Router with absolute paths, to be mounted at the root before the FHIR door: `/.well-known/smart-configuration` (also
 * under `/fhir/R4`), `/.well-known/jwks.json`, `POST /oauth/token`, `POST /oauth/introspect`. Needs no authentication in
 * front; the endpoints authenticate clients themselves and record every request before they answer.
 */
export function smartRoutes(deps: SmartDeps): Router {
  const router = express.Router();
  const configuration = smartConfiguration(deps.issuer);
  const limit = failureLimit(FAILURES, 60);
  const form = express.urlencoded({ extended: false, limit: FORM_LIMIT, parameterLimit: 20 });
  const documents = ['/.well-known/smart-configuration', '/fhir/R4/.well-known/smart-configuration'];

  router
    .route(documents)
    .get((_request, response) => publish(response, configuration))
    .all(onlyMethods('GET'));
  router
    .route('/.well-known/jwks.json')
    .get((_request, response) => publish(response, deps.keys.jwks(deps.now?.() ?? new Date())))
    .all(onlyMethods('GET'));
  router
    .route('/oauth/token')
    .post(form, (request, response) => exchange(request, response, { deps, limit, decide: issueToken }))
    .all(onlyMethods('POST'));
  router
    .route('/oauth/introspect')
    .post(form, (request, response) => exchange(request, response, { deps, limit, decide: introspectToken }))
    .all(onlyMethods('POST'));
  router.use('/oauth', badForm(deps));
  return router;
}
