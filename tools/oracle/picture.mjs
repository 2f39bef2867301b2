// Deterministic inputs: a picture, or numbers from a fixed generator.
import fs from 'node:fs';
import zlib from 'node:zlib';

const kPngSignature = '89504e470d0a1a0a';

function paeth(a, b, c) {
  const p = a + b - c;
  const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

// One row in place: `row` filtered by `filter`, `above` the finished row before it.
function unfilter(filter, row, above, step) {
  for (let i = 0; i < row.length; ++i) {
    const left = i >= step ? row[i - step] : 0;
    const corner = i >= step ? above[i - step] : 0;
    const guess = [0, left, above[i], (left + above[i]) >> 1, paeth(left, above[i], corner)][filter];
    row[i] += guess;
  }
}

// An 8-bit RGB picture without interlacing: {width, height, pixels}.
export function readPng(file) {
  const bytes = fs.readFileSync(file);
  if (bytes.toString('hex', 0, 8) !== kPngSignature) throw new Error(`${file} is not a PNG file`);
  const data = [];
  let width = 0, height = 0;
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at)) {
    const body = bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at));
    const kind = bytes.toString('latin1', at + 4, at + 8);
    if (kind === 'IDAT') data.push(body);
    if (kind === 'IHDR') {
      [width, height] = [body.readUInt32BE(0), body.readUInt32BE(4)];
      if (body[8] !== 8 || body[9] !== 2 || body[12] !== 0) throw new Error(`${file} is not plain 8-bit RGB`);
    }
  }
  const packed = zlib.inflateSync(Buffer.concat(data));
  const pitch = width * 3;
  const pixels = new Uint8Array(pitch * height);
  let above = new Uint8Array(pitch);
  for (let y = 0; y < height; ++y) {
    const row = pixels.subarray(y * pitch, (y + 1) * pitch);
    row.set(packed.subarray(y * (pitch + 1) + 1, (y + 1) * (pitch + 1)));
    unfilter(packed[y * (pitch + 1)], row, above, 3);
    above = row;
  }
  return { width, height, pixels };
}

// Stretched to height × width by taking the nearest pixel: both sides only need the same picture.
export function stretch(picture, height, width) {
  const out = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; ++y) {
    const from = Math.floor(((y + 0.5) * picture.height) / height) * picture.width;
    for (let x = 0; x < width; ++x) {
      const at = (from + Math.floor(((x + 0.5) * picture.width) / width)) * 3;
      out.set(picture.pixels.subarray(at, at + 3), (y * width + x) * 3);
    }
  }
  return out;
}

// `count` bytes of xorshift32.
export function randomBytes(count, seed) {
  let state = seed >>> 0 || 1;
  return Uint8Array.from({ length: count }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  });
}
