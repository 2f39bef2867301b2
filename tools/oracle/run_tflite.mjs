#!/usr/bin/env node
// Runs a TFLite file in the official runtime and keeps what went in and came out.
//   tools/oracle/run_tflite.mjs MODEL OUT [--picture F.png | --pixels F.rgb | --seed N] [--layers]
//                               [--digests] [--tflite DIR]
// Writes OUT/input_N.npy, OUT/output_N.npy, with --layers OUT/layer_N.npy for every operation N that
// the runtime can show, and OUT/index.json, with --digests the SHA-256 of an input's or layer's
// elements in the index instead of its file. A picture goes in as (p - 127.5) / 127.5, p - 128 or p, by
// the input's type; inputs that are no picture take the generator's bytes in the same way.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { writeNpy } from './npy.mjs';
import { randomBytes, readPng, stretch } from './picture.mjs';
import { loadTflite, runTflite, usualFolder } from '../tflite/tflite.mjs';
import { TfliteFile } from '../tflite/tflite_file.mjs';

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    picture: { type: 'string' },
    pixels: { type: 'string' },
    seed: { type: 'string', default: '1' },
    layers: { type: 'boolean', default: false },
    digests: { type: 'boolean', default: false },
    tflite: { type: 'string', default: usualFolder() },
  },
});
if (positionals.length !== 2) {
  console.error('usage: run_tflite.mjs MODEL OUT [--picture F.png | --pixels F.rgb | --seed N] [--layers] [--digests] [--tflite DIR]');
  process.exit(2);
}
const [modelFile, out] = positionals;
const network = new TfliteFile(fs.readFileSync(modelFile));

function pixelsFor({ shape, index }) {
  const count = shape.reduce((a, b) => a * b, 1);
  const isPicture = shape.length === 4 && shape[0] === 1 && shape[3] === 3;
  if (isPicture && flags.pixels) return fs.readFileSync(flags.pixels);
  if (isPicture && flags.picture) return stretch(readPng(flags.picture), shape[1], shape[2]);
  return randomBytes(count, Number(flags.seed) + index);
}

function makeInput(input) {
  const pixels = pixelsFor(input);
  switch (input.dataType) {
    case 'float32': return Buffer.from(Float32Array.from(pixels, (p) => (p - 127.5) / 127.5).buffer);
    case 'int8': return Buffer.from(Int8Array.from(pixels, (p) => p - 128).buffer);
    case 'uint8': return Buffer.from(pixels);
    default: throw new Error(`${input.name}: no rule for inputs of ${input.dataType}`);
  }
}

// `number`: the tensor's in the file, whose name for it is not always the runtime's.
function keep(stem, number, { dataType, shape, bytes }) {
  const file = `${stem}.npy`;
  writeNpy(path.join(out, file), dataType, shape, bytes);
  return { file, tensor: number, name: network.tensors[number] };
}

const kLayersPerRun = 32;

// Every operation's first output, by making inner tensors outputs of the network as well.
async function runLayers() {
  const hidden = network.operations.map(({ outputs }, operation) => ({ operation, tensor: outputs[0] }))
    .filter(({ tensor }) => !network.outputs.includes(tensor));
  const layers = [];
  for (let i = 0; i < hidden.length; i += kLayersPerRun) {
    layers.push(...await showLayers(hidden.slice(i, i + kLayersPerRun)));
  }
  return layers;
}

async function showLayers(hidden) {
  try {
    const longer = network.withMoreOutputs(hidden.map(({ tensor }) => tensor));
    const { outputs } = runTflite(await loadTflite(flags.tflite), longer, makeInput);
    return outputs.slice(network.outputs.length).map((output, i) =>
      ({ ...keepInner(`layer_${hidden[i].operation}`, hidden[i].tensor, output), operation: hidden[i].operation }));
  } catch (error) {
    // A runtime that failed is broken: the next attempt loads another one.
    const half = hidden.length >> 1;
    if (half === 0) {
      const [{ operation, tensor }] = hidden;
      return [{ tensor, name: network.tensors[tensor], operation, error: String(error.message ?? error) }];
    }
    return [...await showLayers(hidden.slice(0, half)), ...await showLayers(hidden.slice(half))];
  }
}

function keepInner(stem, number, tensor) {
  if (!flags.digests) return keep(stem, number, tensor);
  const sha256 = crypto.createHash('sha256').update(tensor.bytes).digest('hex');
  return { sha256, tensor: number, name: network.tensors[number] };
}

const { inputs, outputs } = runTflite(await loadTflite(flags.tflite), network.bytes, makeInput);
fs.mkdirSync(out, { recursive: true });
const index = {
  model: path.basename(modelFile),
  inputs: inputs.map((tensor, i) => keepInner(`input_${i}`, network.inputs[i], tensor)),
  outputs: outputs.map((tensor, i) => keep(`output_${i}`, network.outputs[i], tensor)),
  layers: flags.layers ? await runLayers() : [],
};
fs.writeFileSync(path.join(out, 'index.json'), JSON.stringify(index, null, 1) + '\n');
