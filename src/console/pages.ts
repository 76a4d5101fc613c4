/** What a console request is answered with, and the one place where it becomes HTTP. */
import type { Response } from 'express';

export type Page =
  | { status: number; template: string; context?: Readonly<Record<string, unknown>> }
  /** Address within the console, or the sign-in provider's. */
  | { redirect: string }
  /** Saved by the browser, never shown in it. */
  | { file: { name: string; type: string; text: string | Buffer } };

/** A page that says one thing: a heading and paragraphs, with a way on. */
export function message(status: number, heading: string, paragraphs: readonly string[], way: Way = HOME): Page {
  return { status, template: 'message', context: { heading, paragraphs, way } };
}

export interface Way {
  href: string;
  text: string;
}

export const HOME: Way = { href: '/console', text: 'Go to the start of the console' };
export const SIGN_IN: Way = { href: '/console/sign-in', text: 'Sign in' };

/** After a form the browser is sent on with 303, so that going back asks nothing twice. */
export function redirect(response: Response, to: string): void {
  response.status(303).set('Location', to).end();
}

/** An address within the console; anything else leads to its start. */
export function pathHere(to: string): string {
  return /^\/console(?:\/[A-Za-z0-9._~/-]*)?$/.test(to) && !to.includes('//') && !to.includes('..') ? to : '/console';
}

/** Nothing was done for want of a fresh proof; the way to give it, and back. */
export function askAgain(path: string): Page {
  const back = pathHere(path.replace(/\/(?:file|copy)$/, ''));
  const words = 'This needs a fresh proof of who you are. Nothing was done: after it, send the form once more.';
  return message(403, 'Confirm that it is you', [words], {
    href: `/console/again?to=${encodeURIComponent(back)}`,
    text: 'Confirm that it is you',
  });
}
