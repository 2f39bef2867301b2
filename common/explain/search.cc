#include "common/explain/search.h"

#include <algorithm>
#include <numeric>

#include "common/base/text.h"
#include "common/explain/crop_search.h"
#include "common/explain/difference.h"

namespace plumb::explain {
namespace {

using preprocess::Recipe;

constexpr size_t kCropPartners = 10;

std::string DecodeKey(const image::DecodeRule& rule) {
  return std::string(rule.fast_dct ? "f" : "") + (rule.plain_upsampling ? "p" : "") +
         (rule.orient ? "o" : "");
}

bool Makes(const Hypothesis& hypothesis) {
  return hypothesis.stage != Stage::kBytes;
}

// Families whose buffer of the same picture has the size that the board's has.
std::vector<std::string> FamiliesOfSize(const Recipe& recipe, size_t size) {
  std::vector<std::string> names;
  for (const Family family : {Family::k1x, Family::kQ, Family::kS1, Family::kS3, Family::kS6}) {
    preprocess::BufferRule rule = recipe.buffer;
    rule.family = family;
    rule.width_alignment.reset();
    rule.height_alignment.reset();
    const auto layout = preprocess::LayoutOf(rule);
    if (layout.ok() && layout->size == size) {
      names.emplace_back(FamilyName(family));
    }
  }
  return names;
}

}  // namespace

Search::Search(const Request& request)
    : request_(request),
      geometry_(GeometryOf(request)),
      before_(Measure(request.reference, request.target, ElementOf(request.recipe.buffer.format))),
      reference_(request.reference.begin(), request.reference.end()),
      target_(request.target.begin(), request.target.end()),
      until_(std::chrono::steady_clock::now() + request.limit) {}

Result<Search> Search::Create(const Request& request) {
  Search search(request);
  PLUMB_RETURN_IF_ERROR(search.Prepare());
  return search;
}

bool Search::Late() const {
  return request_.cancel.cancelled() || std::chrono::steady_clock::now() > until_;
}

Status Search::Prepare() {
  if (!request_.picture.empty()) {
    PLUMB_ASSIGN_OR_RETURN(picture_, image::Decode(request_.picture, request_.recipe.decode));
    size_ = {picture_->width,
             picture_->height,
             image::OrientationOf(request_.picture),
             image::DetectFormat(request_.picture) == image::FileFormat::kJpeg};
  }
  if (reference_.size() != target_.size() && npu::IsPictureFormat(request_.recipe.buffer.format)) {
    const auto names = FamiliesOfSize(request_.recipe, target_.size());
    if (!names.empty()) {
      notes_.push_back("the board's buffer has the size for family " + Join(names, ", "));
    }
  }
  if (picture_ || request_.numbers) {
    AdoptDescription();
  }
  MakeHypotheses();
  return OkStatus();
}

void Search::AdoptDescription() {
  const auto base = Synthesized(request_.recipe, "");
  described_ = base == reference_;
  if (described_) {
    return;
  }
  std::vector<Hypothesis> changes = EncodeHypotheses(request_.recipe);
  if (picture_) {
    std::vector<Hypothesis> more = PictureHypotheses(request_.recipe, size_);
    std::move(more.begin(), more.end(), std::back_inserter(changes));
  }
  for (const Hypothesis& change : changes) {
    Recipe recipe = request_.recipe;
    change.change(recipe);
    if (Synthesized(recipe, "?") == reference_) {
      described_ = true;
      request_.recipe = recipe;
      prepared_.clear();
      notes_.push_back("the PC's file was not made as described; it is reproduced when read: " +
                       change.cause.what + " (of the PC)");
      return;
    }
  }
  const Difference away =
      base ? Measure(*base, reference_, geometry_.element) : Difference{1, 1, 0, 0};
  notes_.push_back("the description does not reproduce the PC's file (" +
                   ShortestDouble(std::nearbyint(away.share() * 1e4) / 100) +
                   " % differ): give the flags that it was made with");
}

void Search::MakeHypotheses() {
  const auto add = [this](std::vector<Hypothesis> more) {
    std::move(more.begin(), more.end(), std::back_inserter(hypotheses_));
  };
  if (picture_) {
    add(PictureHypotheses(request_.recipe, size_));
  }
  if (picture_ || request_.numbers) {
    add(EncodeHypotheses(request_.recipe));
  }
  if (picture_) {
    add(MoveHypotheses(geometry_, reference_, target_));
  }
  // Exchanged colours and NV12 are known exactly where they can be made again.
  add(OrderHypotheses(geometry_));
  add(ValueHypotheses(request_, geometry_));
  const bool known = request_.recipe.buffer.width != 0 || request_.innermost != 0;
  add(LayoutHypotheses(request_.recipe, geometry_, known));
}

std::optional<Bytes> Search::Synthesized(const Recipe& recipe, const std::string& key) {
  if (request_.numbers) {
    std::vector<float> values = request_.numbers->values;
    auto bytes = preprocess::EncodeNumbers(values, request_.numbers->innermost, recipe.buffer);
    return bytes.ok() ? std::optional(std::move(bytes).value()) : std::nullopt;
  }
  const std::string decode = DecodeKey(recipe.decode);
  if (decoded_.count(decode) == 0) {
    auto image = image::Decode(request_.picture, recipe.decode);
    decoded_[decode] = image.ok() ? std::optional(std::move(image).value()) : std::nullopt;
  }
  const auto& image = decoded_[decode];
  if (!image) {
    return std::nullopt;
  }
  const auto encode = [&recipe](const preprocess::Prepared& prepared) -> std::optional<Bytes> {
    auto bytes = preprocess::Encode(prepared, recipe);
    return bytes.ok() ? std::optional(std::move(bytes).value()) : std::nullopt;
  };
  const auto known = prepared_.find(key);
  if (known != prepared_.end()) {
    return known->second ? encode(*known->second) : std::nullopt;
  }
  auto prepared = preprocess::Prepare(*image, recipe);
  const auto bytes = prepared.ok() ? encode(*prepared) : std::nullopt;
  // Of pairs within the picture each is made once; '?' is never the same twice.
  if (key.find_first_of(",?") == std::string::npos) {
    prepared_[key] = prepared.ok() ? std::optional(std::move(prepared).value()) : std::nullopt;
  }
  return bytes;
}

std::optional<Bytes> Search::BytesOf(const Way& way) {
  Recipe recipe = request_.recipe;
  std::string key;
  bool made = false;
  for (const Hypothesis* hypothesis : way) {
    if (Makes(*hypothesis)) {
      hypothesis->change(recipe);
      made = true;
    }
    if (hypothesis->stage == Stage::kPicture) {
      const bool listed = hypothesis != &crop_;
      key += (key.empty() ? "" : ",") +
             (listed ? std::to_string(hypothesis - hypotheses_.data()) : std::string("?"));
    }
  }
  std::optional<Bytes> bytes = made ? Synthesized(recipe, key) : std::optional(reference_);
  const Hypothesis& last = *way.back();
  const Bytes undone = last.undo && way.size() > 1 ? last.undo(target_) : Bytes();
  for (const Hypothesis* hypothesis : way) {
    if (bytes && !Makes(*hypothesis)) {
      const bool before = last.undo && hypothesis != &last;
      bytes = hypothesis->edit(*bytes, before ? undone : target_);
    }
  }
  return bytes;
}

bool Search::Accepts(const Difference& residual, const Way& way) const {
  if (residual.differing == 0) {
    return true;
  }
  const bool made =
      std::any_of(way.begin(), way.end(), [](const Hypothesis* h) { return Makes(*h); });
  if ((made && !described_) || residual.largest > 1 || geometry_.element == ElementType::kFloat32) {
    return false;
  }
  const bool range = std::any_of(way.begin(), way.end(), [](const Hypothesis* h) {
    return !Makes(*h) && h->cause.word == "nv12_range";
  });
  if (range && !described_) {
    return residual.mean * 10 <= before_.mean;
  }
  return residual.share() <= kResidualShare && residual.differing * 20 <= before_.differing;
}

void Search::Record(const Way& way, const Bytes& candidate) {
  Finding finding;
  if (candidate.size() != target_.size()) {
    return;
  }
  finding.residual = Measure(candidate, target_, geometry_.element);
  if (finding.residual.differing != 0 && candidate == reference_) {
    return;
  }
  finding.accepted = Accepts(finding.residual, way);
  exact_ = exact_ || finding.residual.differing == 0;
  for (const Hypothesis* hypothesis : way) {
    finding.causes.push_back(hypothesis->cause);
  }
  findings_.push_back(std::move(finding));
}

void Search::Try(const Way& way) {
  const std::optional<Bytes> bytes = BytesOf(way);
  ++tried_;
  if (!bytes) {
    return;
  }
  // Of pairs only those that may be accepted are worth a full look.
  if (way.size() == 1 || !SurelyDifferent(*bytes, target_, geometry_.element)) {
    Record(way, *bytes);
  }
}

void Search::TryAll() {
  for (const Hypothesis& hypothesis : hypotheses_) {
    if (Late()) {
      return;
    }
    Try({&hypothesis});
  }
}

// Turned by the EXIF orientation, where the partner does.
PictureSize Search::SizeWith(const Hypothesis* partner) const {
  Recipe recipe = request_.recipe;
  if (partner != nullptr && Makes(*partner)) {
    partner->change(recipe);
  }
  PictureSize size = size_;
  if (recipe.decode.orient != request_.recipe.decode.orient && size.orientation >= 5) {
    std::swap(size.width, size.height);
  }
  return size;
}

void Search::TryCrop(const Hypothesis* partner) {
  const auto way = [this, partner] {
    Way steps = {&crop_};
    if (partner != nullptr) {
      steps.push_back(partner);
    }
    return steps;
  };
  const auto cost = [this, &way](const preprocess::Crop& crop) {
    crop_ = CropHypothesis(crop);
    ++tried_;
    const auto bytes = Late() ? std::nullopt : BytesOf(way());
    return bytes ? Measure(*bytes, target_, geometry_.element).mean : 1e300;
  };
  crop_ = CropHypothesis(FindCrop(SizeWith(partner), request_.recipe.crop, cost));
  Try(way());
  if (partner == nullptr) {
    hypotheses_.push_back(crop_);
  }
}

// With what comes closest by itself, and with every other way to fit the picture.
void Search::TryCropPairs(const std::vector<double>& means) {
  std::vector<size_t> order(hypotheses_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(
      order.begin(), order.end(), [&means](size_t a, size_t b) { return means[a] < means[b]; });
  size_t partners = 0;
  for (const size_t index : order) {
    const Hypothesis& partner = hypotheses_[index];
    if (partner.slot == "crop" ||
        (partners >= kCropPartners && partner.slot != "fit" && partner.slot != "exif")) {
      continue;
    }
    if (Late() || exact_) {
      return;
    }
    TryCrop(&partner);
    ++partners;
  }
}

void Search::TryPairs() {
  std::vector<double> means(hypotheses_.size(), before_.mean);
  for (size_t i = 0; i < hypotheses_.size(); ++i) {
    const auto bytes = Late() ? std::nullopt : BytesOf({&hypotheses_[i]});
    if (bytes && bytes->size() == target_.size()) {
      means[i] = Measure(*bytes, target_, geometry_.element).mean;
    }
  }

  struct Pair {
    size_t first;
    size_t second;
    double mean;
  };

  std::vector<Pair> pairs;
  for (size_t i = 0; i < hypotheses_.size(); ++i) {
    for (size_t j = i + 1; j < hypotheses_.size(); ++j) {
      if (hypotheses_[i].slot != hypotheses_[j].slot) {
        pairs.push_back({i, j, means[i] + means[j]});
      }
    }
  }
  std::stable_sort(
      pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.mean < b.mean; });
  for (const Pair& pair : pairs) {
    if (Late() || exact_) {
      break;
    }
    const Hypothesis* first = &hypotheses_[pair.first];
    const Hypothesis* second = &hypotheses_[pair.second];
    if (first->stage > second->stage) {
      std::swap(first, second);
    }
    Try({first, second});
    // What is done to values and what to places may come in either order.
    if (!exact_ && first->stage == Stage::kBytes) {
      Try({second, first});
    }
  }
  if (!exact_ && picture_ && described_) {
    TryCropPairs(means);
  }
}

void Search::Run() {
  TryAll();
  if (!exact_ && picture_ && described_) {
    TryCrop(nullptr);
  }
  if (!exact_) {
    TryPairs();
  }
  if (Late()) {
    notes_.push_back("the search was ended before every pair was tried");
  }
}

}  // namespace plumb::explain
