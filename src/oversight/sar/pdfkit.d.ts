/** The part of pdfkit that is used here; the package brings no types of its own. */
declare module 'pdfkit' {
  import type { Readable } from 'node:stream';

  export interface StructureElement {
    add(child: StructureElement | (() => void)): StructureElement;
    end(): void;
  }

  export default class PDFDocument extends Readable {
    constructor(options: object);
    y: number;
    page: { width: number; height: number; margins: { left: number; right: number; top: number; bottom: number } };
    font(name: string): this;
    registerFont(name: string, file: string): this;
    fontSize(size: number): this;
    fillColor(color: string): this;
    text(text: string, options?: object): this;
    text(text: string, x: number, y: number, options?: object): this;
    moveDown(lines?: number): this;
    heightOfString(text: string, options?: object): number;
    addPage(): this;
    struct(type: string, options?: object | (() => void), children?: unknown): StructureElement;
    addStructure(element: StructureElement): this;
    markContent(tag: string, options?: object): this;
    endMarkedContent(): this;
    bufferedPageRange(): { start: number; count: number };
    switchToPage(page: number): this;
    file(bytes: Uint8Array, options: object): unknown;
    end(): void;
  }
}
