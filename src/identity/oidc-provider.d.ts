/** The part of oidc-provider that is used here; the package has no types of its own. */
declare module 'oidc-provider' {
  import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  export default class Provider {
    constructor(issuer: string, configuration: object);
    /** Believes `X-Forwarded-Proto`. */
    proxy: boolean;
    readonly Grant: new (of: {
      accountId: string;
      clientId: string;
    }) => Grant;
    callback(): RequestListener;
    on(event: string, listener: (...given: unknown[]) => void): this;
    /** What the browser of this request is asked. @throws errors.SessionNotFound */
    interactionDetails(request: IncomingMessage, response: ServerResponse): Promise<{ uid: string }>;
    /** Keeps what was answered; gives the address at which it goes on. @throws errors.SessionNotFound */
    interactionResult(request: IncomingMessage, response: ServerResponse, result: object): Promise<string>;
  }

  interface Policy {
    remove(prompt: string): void;
  }

  export const interactionPolicy: { base(): Policy };
  export const errors: { SessionNotFound: new () => Error };
}
