// The official TFLite runtime, compiled to WebAssembly, under plain node.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import vm from 'node:vm';

const kName = 'tflite_web_api_cc_simd';

// Where tools/fetch-tflite puts it.
export function usualFolder() {
  const data = process.env.XDG_DATA_HOME || path.join(os.homedir(), '.local', 'share');
  return path.join(process.env.PLUMB_FRAMEWORKS || path.join(data, 'plumbline', 'frameworks'), 'tflite');
}

export async function loadTflite(folder) {
  const script = path.join(folder, `${kName}.js`);
  if (!fs.existsSync(script)) throw new Error(`${folder} has no TFLite; run tools/fetch-tflite`);
  globalThis.window = globalThis;  // The package was made for browsers.
  vm.runInThisContext(fs.readFileSync(script, 'utf8') + ';globalThis.plumbTflite = tflite_web_api_ModuleFactory');
  return globalThis.plumbTflite({
    wasmBinary: fs.readFileSync(path.join(folder, `${kName}.wasm`)),
    print: () => {},
    printErr: () => {},
  });
}

const asBytes = (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function describe(tensors) {
  return Array.from({ length: tensors.size() }, (_, i) => tensors.get(i)).map((tensor) => ({
    name: tensor.name,
    dataType: tensor.dataType,
    shape: tensor.shape ? String(tensor.shape).split(',').filter(Boolean).map(Number) : [],
    tensor,
  }));
}

// Runs `model` (bytes) on what makeInput({name, dataType, shape, index}) gives as bytes. Both lists
// of the result are {name, dataType, shape, bytes}.
export function runTflite(module, model, makeInput) {
  const at = module._malloc(model.length);
  module.HEAPU8.set(model, at);
  const options = { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1024 };
  const created = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(at, model.length, options);
  if (!created.ok()) throw new Error(`TFLite refuses the model: ${created.errorMessage()}`);
  const runner = created.value();
  try {
    const inputs = describe(runner.GetInputs()).map((input, index) => {
      const bytes = makeInput({ ...input, index });
      const memory = asBytes(input.tensor.data());
      if (memory.length !== bytes.length) throw new Error(`${input.name} holds ${memory.length} bytes, not ${bytes.length}`);
      memory.set(bytes);
      return { ...input, bytes };
    });
    if (!runner.Infer()) throw new Error('TFLite could not run the model');
    const outputs = describe(runner.GetOutputs())
      .map((output) => ({ ...output, bytes: Buffer.from(asBytes(output.tensor.data())) }));
    return { inputs, outputs };
  } finally {
    runner.delete();
    created.delete?.();
    module._free(at);
  }
}
