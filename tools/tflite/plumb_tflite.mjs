// The child that runs a TFLite file in the official runtime for plumb (common/framework/tflite_engine.h).
//   node plumb_tflite.mjs RUNTIME MODEL
// Request on stdin, to its end: {"inputs":[BYTES…],"tensors":[NUMBER…]} and a line feed, then the bytes
// of every input of the file. Answers on stdout, each a line of JSON and, where it has "bytes", so many
// bytes after it:
//   {"tensor":NUMBER,"type":"float32","shape":[…],"bytes":N}     of the request's tensors, in its order
//   {"tensor":NUMBER,"error":"…"}                                 the runtime cannot show this one
//   {"output":INDEX,"type":…,"shape":[…],"bytes":N}               of the file's outputs
//   {"done":true}   or   {"error":"…"}                            the last line
import fs from 'node:fs';
import { loadTflite, runTflite } from './tflite.mjs';
import { TfliteFile } from './tflite_file.mjs';

const [runtime, modelFile] = process.argv.slice(2);
// Tensors asked for in one run. They keep their memory to its end, so all of a large network at once may be too much.
const kTensorsPerRun = 32;

function write(bytes) {
  for (let at = 0; at < bytes.length;) at += fs.writeSync(1, bytes, at);
}

function answer(header, bytes) {
  write(Buffer.from(JSON.stringify(bytes ? { ...header, bytes: bytes.length } : header) + '\n'));
  if (bytes) write(bytes);
}

function readRequest() {
  const all = fs.readFileSync(0);
  const end = all.indexOf(10);
  const { inputs, tensors } = JSON.parse(all.subarray(0, end).toString('utf8'));
  let at = end + 1;
  return { tensors, inputs: inputs.map((size) => all.subarray(at, at += size)) };
}

const network = new TfliteFile(fs.readFileSync(modelFile));
const request = readRequest();
const makeInput = ({ index }) => request.inputs[index];

function show(tensor, { dataType, shape, bytes }) {
  answer({ tensor, type: dataType, shape }, bytes);
}

async function showTensors(tensors) {
  const hidden = tensors.filter((tensor) => !network.outputs.includes(tensor));
  try {
    const { outputs } = runTflite(await loadTflite(runtime), network.withMoreOutputs(hidden), makeInput);
    const order = [...network.outputs, ...hidden];
    for (const tensor of tensors) show(tensor, outputs[order.indexOf(tensor)]);
  } catch (error) {
    // A runtime that failed is broken: the next attempt loads another one.
    if (tensors.length === 1) {
      answer({ tensor: tensors[0], error: String(error.message ?? error) });
      return;
    }
    const half = tensors.length >> 1;
    await showTensors(tensors.slice(0, half));
    await showTensors(tensors.slice(half));
  }
}

try {
  const { outputs } = runTflite(await loadTflite(runtime), network.bytes, makeInput);
  for (let i = 0; i < request.tensors.length; i += kTensorsPerRun) {
    await showTensors(request.tensors.slice(i, i + kTensorsPerRun));
  }
  outputs.forEach(({ dataType, shape, bytes }, output) => answer({ output, type: dataType, shape }, bytes));
  answer({ done: true });
} catch (error) {
  answer({ error: String(error.message ?? error) });
  process.exitCode = 1;
}
