/** One browser for the benches of pages: keeps its cookies, follows redirects by hand, signs in at the built-in provider. */
export interface Page {
  status: number;
  html: string;
  /** Where it was found after redirects. */
  address: string;
  /** Until the last of it was read; of a form without the page it was filled in on. */
  ms: number;
}

const tokenOf = (html: string): string => /name="form-token" value="([^"]+)"/.exec(html)?.[1] ?? '';

/** `origin` without a trailing slash. */
export function consoleBrowser(origin: string) {
  const cookies = new Map<string, string>();
  const once = async (path: string, body?: URLSearchParams): Promise<Response> => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const init: RequestInit = { headers, redirect: 'manual' };
    const response = await fetch(new URL(path, origin), body === undefined ? init : { ...init, method: 'POST', body });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=');
      cookies.set(name, value);
    }
    return response;
  };
  const send = async (path: string, body?: URLSearchParams): Promise<Page> => {
    const began = performance.now();
    let address = path;
    let response = await once(path, body);
    for (let hops = 0; hops < 5 && response.status === 303; hops += 1) {
      address = response.headers.get('location') ?? '';
      response = await once(address);
    }
    const html = await response.text();
    return { status: response.status, html, address, ms: performance.now() - began };
  };
  return {
    get: (path: string) => send(path),
    /** Fills in the form that stands on a page. */
    fill: async (path: string, form: Record<string, string>) => {
      const { html } = await send(path);
      return send(path, new URLSearchParams({ 'form-token': tokenOf(html), ...form }));
    },
    signIn: async (identity: string) => {
      const { html, address } = await send('/console/sign-in/start');
      return send(address, new URLSearchParams({ 'form-token': tokenOf(html), identity }));
    },
  };
}

export type ConsoleBrowser = ReturnType<typeof consoleBrowser>;
