/** A small real terminology server of another party: it answers as a test says and remembers what it was asked. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TermAnswer {
  status: number;
  /** JSON, or text as it is. */
  body?: object | string;
  /** Milliseconds before it answers. */
  after?: number;
  headers?: Record<string, string>;
}

export interface TermServer {
  /** Its FHIR base. */
  url: string;
  /** Paths with their queries, since the last `answerWith`. */
  asked: string[];
  answerWith(answer: (path: string) => TermAnswer): void;
  close(): Promise<void>;
}

export async function startTermServer(): Promise<TermServer> {
  const asked: string[] = [];
  let respond = (_path: string): TermAnswer => ({ status: 404 });
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const { status, body, after = 0, headers = {} } = respond(path);
    setTimeout(() => {
      response.writeHead(status, { 'content-type': 'application/fhir+json', ...headers });
      response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
    }, after).unref();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/fhir`,
    asked,
    answerWith: (answer) => {
      respond = answer;
      asked.length = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
