// A board to run on: one that dials in, or a virtual one on the spot (`--virtual
// FAMILY[,fault=F]`): a plumb-agent over the virtual IPU as a child process.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client/cli/frame/verb.h"
#include "client/lib/client.h"
#include "common/base/cancel.h"
#include "common/base/status.h"
#include "common/rpc/tls_files.h"

namespace plumb::client {

struct VirtualBoardSpec {
  std::string board;                    // as of `--virtual`
  std::vector<std::string> tap_inputs;  // files in place of what an application captured
};

// The agent lives as long as this object. Make and destroy it on one thread.
class VirtualBoard {
 public:
  // `shared`: the server is other people's too, so the name gets a random end. Without, the name is
  // the same from run to run, and so are reports. `number`: which of several, from 1; 0: the only
  // one.
  static Result<std::unique_ptr<VirtualBoard>> Start(const std::string& server,
                                                     const rpc::TlsFiles& tls,
                                                     const VirtualBoardSpec& spec,
                                                     bool shared,
                                                     uint32_t number = 0);
  VirtualBoard(const VirtualBoard&) = delete;
  VirtualBoard& operator=(const VirtualBoard&) = delete;
  ~VirtualBoard();

  // The name it registers under.
  [[nodiscard]] const std::string& name() const;
  // Waits until the server lists it. An agent that ends first gives its last words.
  Status WaitUntilConnected(Client& client, const CancelToken& cancel);

 private:
  struct State;
  explicit VirtualBoard(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// Says where boards can dial in, and waits until one has.
Status WaitForAnyBoard(VerbContext& context,
                       Client& client,
                       const std::string& address,
                       std::chrono::milliseconds limit);

}  // namespace plumb::client
