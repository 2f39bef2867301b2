#include "common/bundle/dump_excerpt.h"

#include <algorithm>
#include <vector>

#include "common/dump/dump_writer.h"

namespace plumb {
namespace {

constexpr size_t kPiece = size_t{1} << 16U;  // values

// Padding of the last rows is dropped where the shape tells it, as every reader does.
Status CopyEntry(const dump::DumpIndex& index,
                 const dump::DumpEntry& entry,
                 dump::DumpWriter& writer) {
  PLUMB_ASSIGN_OR_RETURN(const uint64_t count, entry.value_count());
  PLUMB_RETURN_IF_ERROR(writer.Begin(entry, count));
  dump::DumpValueReader reader(index, entry);
  std::vector<float> values(std::min<uint64_t>(count, kPiece));
  for (uint64_t done = 0; done < count;) {
    const std::span<float> piece =
        std::span(values).first(static_cast<size_t>(std::min<uint64_t>(count - done, kPiece)));
    PLUMB_RETURN_IF_ERROR(reader.Read(done, piece));
    PLUMB_RETURN_IF_ERROR(writer.Append(piece));
    done += piece.size();
  }
  return writer.End();
}

// A file of SDK 1.1.5 has no shapes; what it lacks cannot be written in the newer form.
dump::DumpVariant VariantOf(const dump::DumpIndex& index) {
  const bool shapes =
      std::all_of(index.entries.begin(), index.entries.end(), [](const dump::DumpEntry& entry) {
        return entry.shape.has_value();
      });
  return shapes ? dump::DumpVariant::kSdk : dump::DumpVariant::kSdk115;
}

}  // namespace

Result<uint64_t> WriteDumpExcerpt(const dump::DumpIndex& index,
                                  const std::set<std::string>& names,
                                  const std::filesystem::path& out) {
  const dump::DumpOptions options{index.is_float, VariantOf(index), false};
  PLUMB_ASSIGN_OR_RETURN(dump::DumpWriter writer, dump::DumpWriter::Create(out, options));
  uint64_t copied = 0;
  for (const dump::DumpEntry& entry : index.entries) {
    if (names.count(entry.name) > 0) {
      PLUMB_RETURN_IF_ERROR(CopyEntry(index, entry, writer).Annotate(entry.name));
      ++copied;
    }
  }
  PLUMB_RETURN_IF_ERROR(writer.Commit());
  return copied;
}

}  // namespace plumb
