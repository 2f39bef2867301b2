// What the oracle needs of a TFLite file: its operations, and a way to make any tensor an output.

class Table {
  constructor(view, at) {
    [this.view, this.at] = [view, at];
    this.vtable = at - view.getInt32(at, true);
  }
  // Position of a field's value, 0 when it is absent.
  field(number) {
    const entry = 4 + 2 * number;
    if (entry >= this.view.getUint16(this.vtable, true)) return 0;
    const offset = this.view.getUint16(this.vtable + entry, true);
    return offset ? this.at + offset : 0;
  }
  follow(number) {
    const at = this.field(number);
    return at ? at + this.view.getUint32(at, true) : 0;
  }
  vector(number) {
    const at = this.follow(number);
    return at ? { at: at + 4, length: this.view.getUint32(at, true) } : { at: 0, length: 0 };
  }
  ints(number) {
    const { at, length } = this.vector(number);
    return Array.from({ length }, (_, i) => this.view.getInt32(at + 4 * i, true));
  }
  tables(number) {
    const { at, length } = this.vector(number);
    return Array.from({ length }, (_, i) => at + 4 * i)
      .map((entry) => new Table(this.view, entry + this.view.getUint32(entry, true)));
  }
  text(number) {
    const { at, length } = this.vector(number);
    return Buffer.from(this.view.buffer, this.view.byteOffset + at, length).toString('utf8');
  }
}

export class TfliteFile {
  constructor(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const model = new Table(view, view.getUint32(0, true));
    this.bytes = bytes;
    this.view = view;
    [this.subgraph] = model.tables(2);
    this.tensors = this.subgraph.tables(0).map((tensor) => tensor.text(3));
    this.inputs = this.subgraph.ints(1);
    this.outputs = this.subgraph.ints(2);
    this.operations = this.subgraph.tables(3).map((op) => ({ outputs: op.ints(2) }));
  }

  // A copy of the file with further outputs: a longer list of outputs stands behind the old end.
  withMoreOutputs(tensors) {
    const list = [...this.outputs, ...tensors];
    const end = (this.bytes.length + 3) & ~3;
    const copy = new Uint8Array(end + 4 * (1 + list.length));
    copy.set(this.bytes);
    const view = new DataView(copy.buffer);
    [list.length, ...list].forEach((value, i) => view.setInt32(end + 4 * i, value, true));
    const reference = this.subgraph.field(2);
    view.setUint32(reference, end - reference, true);
    return copy;
  }
}
