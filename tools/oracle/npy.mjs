// Tensors as numpy's .npy files, format 1.0.
import fs from 'node:fs';

const kDescr = { float32: '<f4', int8: '|i1', uint8: '|u1', int32: '<i4', int16: '<i2' };

export function writeNpy(file, dataType, shape, bytes) {
  const descr = kDescr[dataType];
  if (!descr) throw new Error(`${file}: no .npy type for ${dataType}`);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  let header = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  header += ' '.repeat(63 - ((10 + header.length) % 64)) + '\n';
  const prefix = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8]);
  fs.writeFileSync(file, Buffer.concat([prefix, Buffer.from(header, 'latin1'), bytes]));
}
