#include "tests/e2e/memory_run.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "common/base/text.h"
#include "tests/e2e/farm.h"
#include "tests/support/memory_watch.h"

#include <nlohmann/json.hpp>

namespace plumb::test {
namespace {

constexpr std::chrono::minutes kLongPatience{5};

uint64_t BareChipMemory(const OfflineModel& model) {
  const auto bare = RunProgram(
      {PLUMB_BARE_CHIP, model.model, model.input}, kLongPatience, {{"PLUMB_VIRTUAL_FAMILY", "S6"}});
  EXPECT_TRUE(bare.ok()) << bare.status().ToString();
  if (!bare.ok()) {
    return 0;
  }
  EXPECT_EQ(bare->exit.code, 0) << bare->err;
  return ParseUint(Trim(bare->out)).value_or(0);
}

}  // namespace

MemoryFigures MeasureMemory(int mebibytes) {
  MemoryFigures figures;
  figures.output_size = static_cast<uint64_t>(mebibytes) << 20U;
  const OfflineModel& model = WideFloatModel(mebibytes);
  figures.bare_chip = BareChipMemory(model);
  Farm farm;
  const Program& agent = farm.AddBoard("camera", "S6");
  const auto begin = std::chrono::steady_clock::now();
  const auto run = farm.StartRun(model, {"--board", "camera"});
  MemoryWatch watch({farm.server().pid(), agent.pid(), run->pid()});
  const auto finished = run->WaitForExit(kLongPatience);
  figures.whole_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  auto peaks = watch.Stop();
  EXPECT_TRUE(finished) << "the run is not over after five minutes";
  if (!finished) {
    return figures;
  }
  figures.exit_code = finished->exit.code.value_or(-1);
  EXPECT_EQ(figures.exit_code, 0) << finished->out << finished->err;
  figures.server = peaks["plumb-server"];
  figures.agent = peaks["plumb-agent"];
  figures.runner = peaks["plumb-runner"];
  figures.simulator = peaks["plumb-simulator"];
  figures.client = peaks["plumb"];
  const auto report = nlohmann::json::parse(farm.report(), nullptr, false);
  EXPECT_FALSE(report.is_discarded());
  if (figures.exit_code == 0) {
    figures.transfer_seconds = report["timing"]["transfer_ms"].get<double>() / 1000;
  }
  return figures;
}

}  // namespace plumb::test
