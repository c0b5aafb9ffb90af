/** MD2 (RFC 1319), which no library of today carries. Of no use for security; rules may call it. */

const BLOCK = 16;
const ROUNDS = 18;

export function md2(message: Uint8Array): Buffer {
  const padding = BLOCK - (message.length % BLOCK);
  const padded = Buffer.concat([message, Buffer.alloc(padding, padding)]);
  const state = new Uint8Array(3 * BLOCK);
  const checksum = new Uint8Array(BLOCK);
  for (let at = 0; at < padded.length; at += BLOCK) {
    const block = padded.subarray(at, at + BLOCK);
    addToChecksum(checksum, block);
    mix(state, block);
  }
  mix(state, checksum);
  return Buffer.from(state.subarray(0, BLOCK));
}

function addToChecksum(checksum: Uint8Array, block: Uint8Array): void {
  const digits = piDigits();
  let last = checksum[BLOCK - 1]!;
  for (let index = 0; index < BLOCK; index++) {
    checksum[index]! ^= digits[block[index]! ^ last]!;
    last = checksum[index]!;
  }
}

function mix(state: Uint8Array, block: Uint8Array): void {
  for (let index = 0; index < BLOCK; index++) {
    state[BLOCK + index] = block[index]!;
    state[2 * BLOCK + index] = state[index]! ^ block[index]!;
  }
  const digits = piDigits();
  let previous = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (let index = 0; index < state.length; index++) {
      state[index]! ^= digits[previous]!;
      previous = state[index]!;
    }
    previous = (previous + round) % 256;
  }
}

let table: Uint8Array | undefined;

/** A permutation of the bytes, shuffled by the digits of pi as RFC 1319 has it. */
function piDigits(): Uint8Array {
  table ??= shuffledByPi();
  return table;
}

function shuffledByPi(): Uint8Array {
  const digits = digitsOfPi();
  /** A random number below `below`, out of as few digits as hold it, thrown away where they would favour the small. */
  const random = (below: number): number => {
    for (;;) {
      let [value, limit] = [digits.next().value as number, 10];
      while (limit < below) {
        value = value * 10 + (digits.next().value as number);
        limit *= 10;
      }
      const fair = below * Math.floor(limit / below);
      if (value < fair) return value % below;
    }
  };
  const shuffled = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let index = 2; index <= 256; index++) {
    const other = random(index);
    [shuffled[other], shuffled[index - 1]] = [shuffled[index - 1]!, shuffled[other]!];
  }
  return shuffled;
}

/** The digits of pi, one by one: Gibbons' spigot (2006). */
function* digitsOfPi(): Generator<number, never> {
  let [q, r, t, k, m, x] = [1n, 0n, 1n, 1n, 3n, 3n];
  for (;;) {
    if (4n * q + r - t < m * t) {
      yield Number(m);
      [q, r, m] = [10n * q, 10n * (r - m * t), (10n * (3n * q + r)) / t - 10n * m];
    } else {
      [q, r, t, k, m, x] = [q * k, (2n * q + r) * x, t * x, k + 1n, (q * (7n * k + 2n) + r * x) / (t * x), x + 2n];
    }
  }
}
