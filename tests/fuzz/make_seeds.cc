// Writes the seed corpora of tests/fuzz/corpus with our own writers: fuzz_make_seeds FOLDER.
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/archive/recording_json.h"
#include "common/archive/report_json.h"
#include "common/archive/valid_digest.h"
#include "common/base/file.h"
#include "common/base/sha256.h"
#include "common/dump/quantization_table.h"
#include "common/npu/model/compile.h"
#include "common/npu/model/container.h"
#include "common/tensor/notation.h"
#include "common/tensor/npy.h"
#include "tests/common/npu/kernels/layer_generator.h"
#include "tests/fuzz/agent_seeds.h"
#include "tests/fuzz/caffe_seeds.h"
#include "tests/fuzz/onnx_seeds.h"
#include "tests/fuzz/tflite_seeds.h"
#include "tests/support/small_model.h"
#ifdef PLUMB_FUZZ_WIRE
#include "tests/fuzz/wire_seeds.h"
#endif

namespace plumb {
namespace {

namespace fs = std::filesystem;

class Corpus {
 public:
  Corpus(const fs::path& root, const std::string& name) : folder_(root / name) {
    fs::create_directories(folder_);
  }

  void Add(const std::string& name, std::string_view bytes) const {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  }

  void Add(const std::string& name, std::span<const uint8_t> bytes) const {
    Add(name, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  }

 private:
  fs::path folder_;
};

void MakeNpy(const fs::path& root) {
  const Corpus corpus(root, "npy");
  for (const char* text : {"2x3xf32=1,2,3,4,5,6",
                           "f64=0.5",
                           "4xs16=-7",
                           "1x2x2xu8=[1 2][3 4]",
                           "3xbool=1,0,1",
                           "0xs64=",
                           "2xf16=1,-2"}) {
    const auto tensor = ParseTensor("t", text);
    if (const auto bytes = tensor.ok() ? SerializeNpy(*tensor) : tensor.status(); bytes.ok()) {
      corpus.Add("npy_" + std::string(ElementTypeName(tensor->desc.element_type)), *bytes);
    }
  }
}

void MakeNotation(const fs::path& root) {
  const Corpus corpus(root, "notation");
  int count = 0;
  for (const char* text : {"2x2xf32=1,2,3,4",
                           "2x2xf32=[1 2][3 4]",
                           "4xs16=7",
                           "f32",
                           "1x10xs16@32",
                           "1x10xs16,scale=0.5,zero=-3",
                           "1x10xs16@32,scale=1e-3,zero=128",
                           "2xs64=-9223372036854775808",
                           "2xu64=1",
                           "3xf64=nan,inf,-0.1",
                           "2xc64",
                           "1x4x4x3xnv12",
                           "250ms",
                           "10m",
                           "-12",
                           "0x1p-3",
                           "\x1b[31m",
                           "caf\xc3\xa9"}) {
    corpus.Add("text_" + std::to_string(count++), std::string_view(text));
  }
}

void MakeContainers(const fs::path& root) {
  const Corpus corpus(root, "container");
  for (size_t kind = 0; kind < std::variant_size_v<npu::OpAttributes>; ++kind) {
    npu::LayerGenerator generator(static_cast<uint32_t>(kind) + 1);
    const auto type = kind % 2 == 0 ? ElementType::kUint8 : ElementType::kInt16;
    if (const auto bytes = npu::SerializeModel(generator.Make(kind, type)); bytes.ok()) {
      corpus.Add("kind_" + std::to_string(kind) + ".plm", *bytes);
    }
  }
  for (const Family family : {Family::k1x, Family::kQ, Family::kS6}) {
    test::SmallModelOptions options;
    options.family = family;
    options.dequantize = family == Family::kQ;
    corpus.Add("small_" + std::string(FamilyName(family)) + ".img", test::SmallModelFile(options));
  }
}

void MakeTflite(const fs::path& root) {
  const Corpus corpus(root, "tflite");
  for (const auto& [name, file] : fuzz::TfliteSeeds()) {
    corpus.Add(name, file.span());
  }
}

analysis::ComparisonReport MakeReport() {
  analysis::ComparisonReport report;
  report.verdict = analysis::Verdict::kMismatch;
  report.exit_code = 1;
  report.reference = {"builtin", "aa"};
  report.target = {"board camera-7", "bb"};
  report.coverage.matched = 1;
  report.coverage.missing_in_target = {"boxes"};
  analysis::TensorReport tensor;
  tensor.name = "scores";
  tensor.op = "CONV_2D";
  tensor.element_type = ElementType::kInt16;
  tensor.shape = {1, 10};
  tensor.count = 10;
  tensor.different_elements = 2;
  tensor.mse = 0.1;
  tensor.cosine = 1;
  tensor.lsb_histogram.emplace();
  tensor.lsb_histogram->steps[9] = 2;
  tensor.verdict = analysis::Verdict::kMismatch;
  tensor.rule = "different_elements > 0";
  report.tensors.push_back(tensor);
  report.first_divergence = analysis::FirstDivergence{"scores", 0, "different_elements > 0"};
  report.diagnosis.push_back({"scaled", "scores", "k = 2", 0.98, "look at the scale"});
  report.identity = {"cc", {"dd"}, "camera-7", "S6", "0.1.0"};
  return report;
}

archive::Recording MakeRecording() {
  archive::Recording recording;
  recording.identity = {"board camera-7", std::string(64, 'a'), {std::string(64, 'b')}, "camera-7"};
  TensorDesc desc = *MakeContiguousDesc("scores", ElementType::kInt16, Shape{1, 3, 2});
  recording.model.inputs = {desc};
  desc.inner_stride = 8;
  desc.aligned_size = 64;
  desc.payload_size = 24;
  recording.model.outputs = {desc};
  recording.model.sdk = "virtual IPU S3";
  recording.repetitions = 2;
  recording.invoke_ms = {1.25, 1.5};
  const std::vector<uint8_t> bytes(64, 7);
  recording.outputs = {{Sha256Hex(bytes), archive::ValidDigestOf(*ValidRegionOf(desc), bytes), 2}};
  recording.probe_digests = std::vector<uint64_t>{5};
  return recording;
}

void MakeOnnx(const fs::path& root) {
  const Corpus corpus(root, "onnx");
  for (const auto& [name, file] : fuzz::OnnxSeeds()) {
    corpus.Add(name, file.span());
  }
}

void MakeCaffe(const fs::path& root) {
  const Corpus prototxts(root, "prototxt");
  for (const auto& [name, text] : fuzz::PrototxtSeeds()) {
    prototxts.Add(name, text);
  }
  const Corpus caffemodels(root, "caffemodel");
  for (const auto& [name, file] : fuzz::CaffemodelSeeds()) {
    caffemodels.Add(name, file.span());
  }
}

void MakeArchive(const fs::path& root) {
  const Corpus corpus(root, "archive");
  const std::string recording = archive::RecordingToJson(MakeRecording());
  const std::string report = archive::ReportToJson(MakeReport());
  const std::string run = R"({"schema":"plumb.run/1","run_id":"20261122-230912-1a2b3c",)"
                          R"("model_name":"face","created_unix_ms":1,"finished_unix_ms":2,)"
                          R"("legs":[]})";
  corpus.Add("recording", std::string(1, '\0') + recording);
  corpus.Add("report", '\1' + report);
  corpus.Add("tolerance",
             '\2' + std::string(R"({"default": {"min_cosine": 0.99}, "tensors": {"scores": )"
                                R"({"atol": 0.5, "rtol": 0.01, "max_rel_l1": 1}}})"));
  corpus.Add("run", '\3' + run + std::string(1, '\0') + report);
  corpus.Add("leg", '\4' + recording + std::string(1, '\0') + std::string(64, '\7'));
}

void MakeDumps(const fs::path& root) {
  const Corpus corpus(root, "dump");
  const std::string values(16, '\0');
  const std::string size = "//buffer data size: 16\n";
  const std::string body = "op_out[0] CONV_2D = {\n" + size + values + "\n};\n";
  const std::string head = "//out 0 s: 0.500000 z: -3 type: float name: conv_1 bConstant:0";
  corpus.Add("with_shape", "isFloat: 1\n" + head + " shape:[1, 2, 2, 1] dims:4\n" + body + size);
  corpus.Add("without_shape", "isFloat: 0\n" + head + "\n" + body);
  corpus.Add("input",
             "//in 1 s: 0.1 z: 0 type: UINT8 name: a bConstant:1 shape:[4] dims:1\n"
             "op_in[1] ADD = {\n" +
                 size + values + "\n};\n" + size);
  const std::string text = "0.500000, -1.250000, nan, inf, \n};\n";
  corpus.Add("as_text",
             "isFloat: 0\n" + head + " shape:[4] dims:1\nop_out[0] ADD = {\n" + size + text + size);
  corpus.Add("as_text_without_shape", head + "\n" + size + text);
  corpus.Add(
      "framework",
      "isFloat: 1\n//out 0 s: 0.000000 z: 0 type: float name: a/b:0 bConstant:0 "
      "shape:[1, 3] dims:2\nop_out[0] Relu = {\n//buffer data size: 12\n\n};\n//out 0;\n};\n" +
          head + "\n" + body);
}

void MakeSimulatorTexts(const fs::path& root) {
  const Corpus corpus(root, "simulator_text");
  corpus.Add("board",
             std::string_view("scores Tensor:\n{\ntensor dim:3,\tOriginal shape:[1 2 3 ]\n"
                              "tensor data:\n0.500000  -1.000000  2.250000  0.000001  -0.000001  "
                              "123456.789063\n}\n\nmean Tensor:\n{\ntensor dim:2,\t"
                              "Original shape:[1 1 ]\ntensor data:\n7.000000\n}\n\n"));
  corpus.Add(
      "pc",
      std::string_view("a/b:0 Tensor:\n{\nOriginal shape:[1, 2, 3], "
                       "Alignment shape:[1, 2, 8]\nThe data are in alignment shape:\n"
                       "1.0  2.0  3.0  9.9  9.9  9.9  9.9  9.9  4.0  5.0  6.0  9.9  9.9  nan  "
                       "-nan  inf  \n}\n"));
}

void MakeLayers(const fs::path& root) {
  const Corpus corpus(root, "layers");
  const std::string map("\0", 1);
  corpus.Add("map",
             map +
                 "plumb-fusion-map 1\n# c\ntarget a b\nequals c:0\ntarget d\nfused e/f\n\n"
                 "target g\nfused h\n");
  corpus.Add("vendor_log",
             std::string_view("\1"
                              "39.a.xx.output0\tOP: ADD  Type: float  MSE: 60.729672  COS: "
                              "0.997336  RMSE:\t0.091513\n"));
  corpus.Add("sop_log",
             std::string_view("\1started\n39.a.xx.output0 OP: ADD Type: float MSE: -nan COS: "
                              "0.997336 RMSE: inf\r\n"));
}

void MakeInis(const fs::path& root) {
  const Corpus corpus(root, "ini");
  corpus.Add("picture",
             std::string_view("[INPUT_CONFIG]\ninputs = 'input';\ntraining_input_formats=RGB\n"
                              "input_formats=RGB\nquantizations=TRUE\nmean=127.5\n"
                              "std_value=127.5\n[OUTPUT_CONFIG]\noutputs='a','b'\n"
                              "dequantizations=TRUE,FALSE\n"));
  corpus.Add(
      "colors",
      std::string_view("# comment\n[input_config]\ninputs=\"x\",y\nmean_red=1\nmean_green=2\n"
                       "mean_blue=3\nstd_value=1:2:3\ninput_width_alignment=16\n"
                       "[CONV_CONFIG]\ninput_format=ALL_INT16\ntensor_arrays=a,b\n"));
  corpus.Add("one_color", std::string_view("123.7:116.3:103.5"));
}

void MakeTables(const fs::path& root) {
  const Corpus corpus(root, "quant_table");
  const std::vector<dump::TableEntry> table = {{"x", {-1}, {0.9921875}, 8},
                                               {"x/weights", {-0.5, -0.25}, {0.5, 0.25}, 8},
                                               {"y", {-4}, {4}, 16}};
  corpus.Add("three.json", dump::WriteQuantizationTable(table));
  corpus.Add("other_keys.json",
             std::string_view(R"([{"name":"a","shape":[1,[2]],"min":[0],"max":[1e3],"bit":16,)"
                              R"("data":{"k":null},"flag":true}])"));
  corpus.Add("pickle", std::string_view("\x80\x04]q"));
}

void MakePictures(const fs::path& root) {
  const Corpus corpus(root, "picture");
  corpus.Add("gray.pgm", "P5\n# c\n3 2\n255\n" + std::string(6, 'x'));
  corpus.Add("color.ppm", "P6 2 2 255\n" + std::string(12, 'y'));
  const fs::path images = fs::path(PLUMB_TESTDATA_DIR) / "preprocess";
  for (const char* name : {"gray.png",
                           "one_bit.png",
                           "palette.png",
                           "rgba.png",
                           "sixteen_bit.png",
                           "smooth_420.jpg",
                           "smooth_gray.jpg",
                           "smooth_progressive.jpg",
                           "smooth_rotated.jpg"}) {
    if (const auto bytes = ReadFile(images / name); bytes.ok()) {
      corpus.Add(name, bytes->span());
    }
  }
}

void MakeRingScripts(const fs::path& root) {
  const Corpus child(root, "ring_child");
  const auto record = [](std::initializer_list<int> bytes) {
    std::string text;
    for (const int byte : bytes) {
      text += static_cast<char>(byte);
    }
    return text;
  };
  // Whether to fail; one input and one output of 256 bytes; no name. Then requests.
  const std::string engine = record({1, 1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0});
  const std::string hello = record({1});
  const std::string load = record({3, 5, 0}) + "model";
  const std::string fill = record({8, 0, 1, 0, 0, 0, 0, 255, 0});
  const std::string read = record({12, 0, 2, 0, 1, 0, 0, 255, 0});
  const std::string invoke = record({10});
  child.Add("whole_run", engine + hello + load + record({6}) + fill + invoke + read + read);
  child.Add("no_load", engine + hello + invoke + read);
  child.Add("past_the_end", engine + hello + load + record({12, 0, 0, 0, 1, 0, 0, 1, 1}));
  const Corpus parent(root, "ring_parent");
  parent.Add("honest", std::string(64, '\0'));
  parent.Add("two_outputs", record({0, 0, 2, 0, 80, 0, 1}) + std::string(32, '\0'));
  parent.Add("probe_and_repeat", record({6, 0, 1, 0, 3}) + std::string(64, '\0'));
  parent.Add("patched_tensor", record({1, 0, 1, 1, 2, 8, 0, 7, 9, 0, 1}) + std::string(32, '\0'));
  parent.Add("dies", record({0, 0, 1, 0, 1, 0, 0, 16, 3}));
}

void MakeUploads(const fs::path& root) {
  const Corpus corpus(root, "upload");
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i * 37);
  }
  corpus.Add("mixed", all);
  corpus.Add("zeros", std::string(64, '\0'));
  // One output, one Invoke, its bytes, its end, the run's end.
  const char whole[] = {1, 0, 1, 1, 1, 0, 0, 9, 0, 1, 1, 2, 1, 1,
                        5, 9, 0, 1, 1, 1, 3, 0, 1, 1, 1, 1, 4, 1};
  corpus.Add("whole", std::string_view(whole, sizeof whole));
}

std::string Repeated(const std::string& piece, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) {
    text += piece;
  }
  return text;
}

// Scripts of fuzz_session: agent, step, and what the step reads.
void MakeSessions(const fs::path& root) {
  const Corpus session(root, "session");
  const std::string attach("\0\0\1\0", 4);
  const std::string start("\0\3\0\0\1\0", 6);
  const std::string open("\0\6\1\0", 4);
  const std::string send = std::string("\0\12\17", 3) + Repeated(std::string("\7\0", 2), 16);
  const std::string lie = std::string("\0\12\1\7\0\7\0", 7) + std::string("\0\12\0\2\x55\0", 6);
  session.Add("whole_run", attach + start + open + send);
  session.Add("two_runs", attach + start + start + open + send + open + send);
  session.Add("a_lie", attach + start + open + lie + send);
  session.Add("leaves", attach + start + open + std::string("\0\2", 2) + attach + open + send);
  session.Add("cancelled", attach + start + open + std::string("\0\5\1\0", 4) + send);
  session.Add("fails", attach + start + std::string("\0\10\0", 3));
  session.Add("damaged_model",
              attach + std::string("\0\14", 2) + start + std::string("\0\6\1\0\0", 5));
}

void MakeAgents(const fs::path& root) {
  const Corpus corpus(root, "agent");
  for (const auto& [name, bytes] : fuzz::AgentSeeds()) {
    corpus.Add(name, std::string_view(bytes));
  }
}

#ifdef PLUMB_FUZZ_WIRE
void MakeWire(const fs::path& root) {
  const Corpus corpus(root, "wire");
  for (const auto& [name, bytes] : fuzz::WireSeeds()) {
    corpus.Add(name, std::string_view(bytes));
  }
}
#endif

}  // namespace
}  // namespace plumb

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  using namespace plumb;
  for (const auto make : {MakeNpy,
                          MakeNotation,
                          MakeContainers,
                          MakeTflite,
                          MakeOnnx,
                          MakeCaffe,
                          MakeArchive,
                          MakeDumps,
                          MakeSimulatorTexts,
                          MakeLayers,
                          MakeInis,
                          MakeTables,
                          MakePictures,
                          MakeRingScripts,
                          MakeUploads,
                          MakeSessions,
                          MakeAgents}) {
    make(argv[1]);
  }
#ifdef PLUMB_FUZZ_WIRE
  MakeWire(argv[1]);
#endif
  return 0;
}
