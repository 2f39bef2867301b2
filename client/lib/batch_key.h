// Whether two commands are the same batch.
#pragma once

#include <string>
#include <vector>

#include "client/lib/run_types.h"

namespace plumb::client {

// 64 hexadecimal digits that stand for the model, the reference, what is judged and how, the
// preprocessing scripts (`scripts`: their digests) and the files' names; not for boards, time
// limits or the files' content. Errors: what cannot be asked for.
Result<std::string> BatchKey(const RunRequest& base,
                             const std::string& scripts,
                             const std::vector<std::vector<std::string>>& files);

}  // namespace plumb::client
