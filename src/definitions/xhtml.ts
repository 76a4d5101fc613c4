/**
 * Safety and form of Narrative.div (R4 narrative.html, txt-1 and txt-2): well-formed, formatting elements only, nothing
 * that runs, frames, submits or fetches from elsewhere.
 */
const ELEMENTS = new Set(
  (
    'a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 ' +
    'hr i img kbd li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt u ul var'
  ).split(' '),
);
const ATTRIBUTES = new Set(
  (
    'abbr accesskey align alt axis bgcolor border cellhalign cellpadding cellspacing cellvalign char charoff charset ' +
    'cite class color colspan compact coords dir frame headers height href hreflang hspace id lang longdesc name ' +
    'nowrap rel rev rowspan rules scope shape span src start style summary tabindex title type valign value vspace ' +
    'width xml:lang xmlns xml:space'
  ).split(' '),
);
const TAG = /<(\/?)([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z_:][\w:.-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const ATTRIBUTE = /([A-Za-z_:][\w:.-]*)\s*=\s*("[^"<]*"|'[^'<]*')/g;
const COMMENT = /<!--(?:(?!--)[\s\S])*-->/y;
const ENTITY = /&(?!(?:[A-Za-z][A-Za-z0-9]*|#[0-9]+|#x[0-9A-Fa-f]+);)/;
const DEEPEST = 200;

/** Scheme of a link with the tricks taken out that browsers forgive: blanks, control characters, character references. */
function scheme(value: string): string {
  const plain = value
    .replace(/&#x([0-9a-f]+);?/gi, (_, digits: string) => character(Number.parseInt(digits, 16)))
    .replace(/&#([0-9]+);?/g, (_, digits: string) => character(Number(digits)))
    .replace(/&(?:tab|newline);/gi, '')
    .replace(/&colon;/gi, ':')
    .replace(/[^\x21-\x7e]/g, '');
  return /^([a-z][a-z0-9+.-]*):/i.exec(plain)?.[1]?.toLowerCase() ?? (plain.startsWith('//') ? 'http' : '');
}

function character(code: number): string {
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '';
}

const LINK_SCHEMES = new Set(['', 'http', 'https', 'ftp', 'mailto', 'tel', 'urn']);

const LONGEST_STYLE = 2000;

function styleFault(value: string): string | null {
  if (value.length > LONGEST_STYLE) return 'has a style that is too long';
  const plain = value.replace(/\/\*.*?\*\//g, '').replace(/\s+/g, '');
  if (/&#|\\|expression\(|javascript:|@import|behavior:|-moz-binding/i.test(plain)) return 'has a style that runs code';
  return /url\(['"]?(?:https?:|\/\/)/i.test(plain) ? 'has a style that fetches from elsewhere' : null;
}

function attributeFault(element: string, name: string, value: string): string | null {
  if (!ATTRIBUTES.has(name)) return 'has an attribute that is not allowed (events and scripts are not)';
  if (name === 'style') return styleFault(value);
  if (name === 'href' && !LINK_SCHEMES.has(scheme(value))) return 'has a link that runs code';
  if (name === 'src') {
    if (scheme(value) === 'data')
      return /^\s*data:\s*image\/(?:png|gif|jpeg|webp);/i.test(value) ? null : 'has unsafe data';
    return scheme(value) === '' ? null : 'fetches an image from elsewhere';
  }
  if (name === 'xmlns' && value !== 'http://www.w3.org/1999/xhtml') return 'has another namespace than XHTML';
  return element === 'a' || name !== 'rel' ? null : 'has an attribute that is not allowed';
}

function tagFault(element: string, attributes: string): string | null {
  if (!ELEMENTS.has(element))
    return 'has an element that is not allowed (formatting only: no scripts, forms or frames)';
  const seen = new Set<string>();
  for (const [, name = '', quotedValue = ''] of attributes.matchAll(ATTRIBUTE)) {
    if (seen.has(name)) return 'has an attribute twice';
    seen.add(name);
    const fault = attributeFault(element, name, quotedValue.slice(1, -1));
    if (fault) return fault;
  }
  return null;
}

interface Scan {
  open: string[];
  /** Text or an image was seen (txt-2). */
  filled: boolean;
  fault: string | null;
}

function readTag(text: string, at: number, scan: Scan): number {
  TAG.lastIndex = at;
  const found = TAG.exec(text);
  if (!found) {
    COMMENT.lastIndex = at;
    const comment = COMMENT.exec(text);
    if (!comment) scan.fault = 'is not well-formed XHTML';
    return comment ? COMMENT.lastIndex : text.length;
  }
  const [, closing, element = '', attributes = '', empty] = found;
  const next = TAG.lastIndex;
  if (closing) scan.fault = scan.open.pop() === element && attributes === '' ? null : 'has tags that do not match';
  else {
    scan.fault = tagFault(element, attributes);
    if (element === 'img') scan.filled = true;
    if (!empty) scan.open.push(element);
    if (scan.open.length > DEEPEST) scan.fault = 'is nested too deeply';
  }
  if (scan.open.length === 0 && next < text.length) scan.fault ??= 'has more than one outer element';
  return next;
}

/** What is wrong with a Narrative.div, as the end of a sentence, or null. Linear in the length of the text. */
export function xhtmlFault(raw: string): string | null {
  const text = raw.trim();
  if (!/^<div[\s>]/.test(text)) return 'does not start with <div xmlns="http://www.w3.org/1999/xhtml">';
  const scan: Scan = { open: [], filled: false, fault: null };
  let at = 0;
  while (at < text.length && scan.fault === null) {
    const next = text.indexOf('<', at);
    const between = text.slice(at, next < 0 ? text.length : next);
    if (ENTITY.test(between)) return 'has an & that should be &amp;';
    if (!scan.filled && /\S/.test(between)) scan.filled = true;
    at = next < 0 ? text.length : readTag(text, next, scan);
  }
  if (scan.fault) return scan.fault;
  if (scan.open.length > 0) return 'has tags that are not closed';
  if (!/^<div\s[^>]*xmlns\s*=/.test(text)) return 'does not start with <div xmlns="http://www.w3.org/1999/xhtml">';
  return scan.filled ? null : 'is empty';
}
