// What a batch has come to so far, on disk: an interrupted batch goes on from it, and the document
// of a whole one is made of it.
//
// A text file of one JSON object a line (docs/formats/batch-journal.md): first what the batch is,
// then one line for each input that came to an end, in that order. A line that was cut off by a
// crash is passed over and its input run again.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/lib/batch.h"
#include "common/base/status.h"
#include "common/base/unique_fd.h"

namespace plumb::client {

constexpr std::string_view kJournalSchema = "plumb.batch-journal/1";
constexpr uint64_t kMaxJournalLine = uint64_t{64} << 20U;

struct JournalEntry {
  BatchOutcome outcome;
  std::vector<std::string> sources;  // SHA-256 of the input's files, before any preprocessing
};

// Not thread-safe. The file is locked while it is open.
class BatchJournal {
 public:
  // Opens or creates it for the batch that `key` stands for, of `count` inputs. kInvalidArgument
  // for what is no journal, kFailedPrecondition for that of another batch, kUnavailable when
  // another process is at it.
  static Result<std::unique_ptr<BatchJournal>> Open(const std::filesystem::path& path,
                                                    const std::string& key,
                                                    size_t count);

  // Adds a line; the input's earlier ones no longer count.
  Status Append(const JournalEntry& entry);
  // The input's line read again; empty: it has none.
  [[nodiscard]] Result<std::optional<JournalEntry>> Read(size_t index) const;

  // An entry that no longer counts: its files have changed, or it has no verdict.
  void Forget(size_t index) { places_.erase(index); }

  [[nodiscard]] bool Has(size_t index) const { return places_.contains(index); }

  [[nodiscard]] size_t size() const { return places_.size(); }

  // Removes the file: nothing is left to go on with.
  Status Remove();

 private:
  struct Place {
    uint64_t offset = 0;
    uint64_t size = 0;
  };

  BatchJournal(std::filesystem::path path, UniqueFd fd)
      : path_(std::move(path)),
        fd_(std::move(fd)) {}

  Status Load(const std::string& key, size_t count);
  [[nodiscard]] Result<uint64_t> CheckHeader(std::string_view text, const std::string& key) const;
  Status Begin(const std::string& key, size_t count);
  Status AppendLine(const std::string& line);

  std::filesystem::path path_;
  UniqueFd fd_;
  uint64_t end_ = 0;
  size_t count_ = 0;
  std::map<size_t, Place> places_;
};

}  // namespace plumb::client
