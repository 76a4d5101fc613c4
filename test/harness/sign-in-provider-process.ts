/** A real OpenID Connect provider in a process of its own, as it is in life; its parent says whom it knows. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** What the parent sends; until then the provider answers nobody. */
export interface Known {
  clientId: string;
  redirectUri: string;
  /** JWK of the client's public key. */
  key: object;
  /** Claims by the name that is typed. */
  people: Readonly<Record<string, object>>;
}

const STAFF = ['nhsid_useruid', 'selected_roleid', 'authentication_assurance_level'];
const CLAIMS = [...STAFF, 'fhirUser', 'identity_proofing_level'];
const handler: { serve: RequestListener } = { serve: (_request, response) => response.writeHead(503).end() };
const server = createServer((request, response) => handler.serve(request, response));

function providerFor(issuer: string, { clientId, redirectUri, key, people }: Known): RequestListener {
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: clientId,
        redirect_uris: [redirectUri],
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: 'ES256',
        jwks: { keys: [{ ...key, use: 'sig' }] },
      },
    ],
    scopes: ['openid', 'profile', 'nhsperson', 'nationalrbacaccess', 'associatedorgs'],
    claims: { openid: ['sub'], nhsperson: CLAIMS },
    cookies: { keys: ['a test'] },
    findAccount: (_context: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  });
  return provider.callback();
}

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  process.on('message', (known: Known) => {
    handler.serve = providerFor(issuer, known);
    process.send?.('open');
  });
  process.send?.(issuer);
});
process.on('disconnect', () => process.exit(0));
