// The document's policy admits only style elements that bear its nonce. The
// component library asks for it in most places; this gives it to the rest of
// the elements that our own scripts make. What is injected as markup stays out.

/** The nonce of this document. */
export const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? '';

interface Maker {
  createElement: (name: string, options?: ElementCreationOptions) => HTMLElement;
}

const maker: Maker = document;
const create = maker.createElement.bind(maker);
maker.createElement = (name, options) => {
  const element = create(name, options);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
