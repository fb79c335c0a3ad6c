// Recomputes in the browser what a row's inclusion proof claims (RFC 6962): the
// chain value of a row is its leaf hash, and the path leads from there to the
// root that the checkpoint states.

const NODE = 0x01;

function fromHex(s: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(s.match(/../g) ?? [], (b) => Number.parseInt(b, 16));
}

/** The size and the root (base64) that a checkpoint's signed note states. */
export function stated(note: string): { size: number; root: string } {
  const [, size = '', root = ''] = note.split('\n');
  return { size: Number(size), root };
}

async function join(left: Uint8Array, right: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', Uint8Array.of(NODE, ...left, ...right)));
}

/** The root (base64) that a path of hex hashes leads to from leaf number `index`, of `size`. */
export async function rootOf(leaf: string, path: readonly string[], index: number, size: number): Promise<string> {
  let hash = fromHex(leaf);
  let at = index;
  let last = size - 1;
  for (const step of path) {
    const other = fromHex(step);
    if (last === 0) throw new Error('the path is too long');
    if (at % 2 === 1 || at === last) {
      hash = await join(other, hash);
      while (at % 2 === 0 && at !== 0) {
        at = Math.floor(at / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = await join(hash, other);
    }
    at = Math.floor(at / 2);
    last = Math.floor(last / 2);
  }
  if (last !== 0) throw new Error('the path is too short');
  return btoa(String.fromCharCode(...hash));
}

/** What the browser finds of a row: it is there, it is not, or it cannot tell. */
export type Found = 'good' | 'bad' | 'unable';

/** Holds a row's own chain value and its proof against the checkpoint. */
export async function examine(seq: number, chain: string, proof: { size: number; leaf: string; hashes: readonly string[]; checkpoint: string }): Promise<Found> {
  if (!globalThis.isSecureContext) return 'unable'; // browsers hash for encrypted pages alone
  const { size, root } = stated(proof.checkpoint);
  if (size !== proof.size || chain !== proof.leaf) return 'bad';
  try {
    return (await rootOf(chain, proof.hashes, seq - 1, size)) === root ? 'good' : 'bad';
  } catch {
    return 'bad';
  }
}
