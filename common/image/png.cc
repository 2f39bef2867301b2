#include <png.h>

#include <array>
#include <csetjmp>
#include <cstring>
#include <vector>

#include "common/image/decoders.h"

namespace plumb::image {
namespace {

constexpr size_t kMaxMessage = 128;
constexpr png_alloc_size_t kMaxChunk = 8U << 20U;
constexpr int kMaxCachedChunks = 64;

// Everything libpng's callbacks reach. Plain data, because libpng leaves by longjmp: no function
// between setjmp and libpng may own anything.
struct PngState {
  const uint8_t* data = nullptr;
  size_t size = 0;
  size_t offset = 0;
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::array<char, kMaxMessage> message{};
};

void OnRead(png_structp png, png_bytep out, png_size_t size) {
  auto* state = static_cast<PngState*>(png_get_io_ptr(png));
  if (size > state->size - state->offset) {
    png_error(png, "the file ends too early");
  }
  std::memcpy(out, state->data + state->offset, size);
  state->offset += size;
}

[[noreturn]] void OnError(png_structp png, png_const_charp message) {
  auto* state = static_cast<PngState*>(png_get_error_ptr(png));
  std::strncpy(state->message.data(), message, kMaxMessage - 1);
  png_longjmp(png, 1);
}

void OnWarning(png_structp /*png*/, png_const_charp /*message*/) {}

// Owns the libpng objects; lives outside the functions that longjmp crosses.
class PngReader {
 public:
  explicit PngReader(std::span<const uint8_t> bytes) {
    state_.data = bytes.data();
    state_.size = bytes.size();
    state_.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &state_, OnError, OnWarning);
    if (state_.png != nullptr) {
      state_.info = png_create_info_struct(state_.png);
      png_set_read_fn(state_.png, &state_, OnRead);
      png_set_user_limits(state_.png, kMaxSide, kMaxSide);
      png_set_chunk_malloc_max(state_.png, kMaxChunk);
      png_set_chunk_cache_max(state_.png, kMaxCachedChunks);
    }
  }

  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  ~PngReader() { png_destroy_read_struct(&state_.png, &state_.info, nullptr); }

  [[nodiscard]] bool created() const { return state_.png != nullptr && state_.info != nullptr; }

  [[nodiscard]] const char* message() const { return state_.message.data(); }

  [[nodiscard]] uint64_t width() const { return png_get_image_width(state_.png, state_.info); }

  [[nodiscard]] uint64_t height() const { return png_get_image_height(state_.png, state_.info); }

  // Reads up to the pixels and asks for 8-bit RGB rows. False: see message().
  bool ReadHeader();
  // rows[i] takes width · 3 bytes.
  bool ReadRows(uint8_t** rows);

 private:
  PngState state_;
};

bool PngReader::ReadHeader() {
  if (setjmp(png_jmpbuf(state_.png)) != 0) {  // NOLINT(cert-err52-cpp): libpng knows no other way
    return false;
  }
  png_read_info(state_.png, state_.info);
  png_set_strip_16(state_.png);
  png_set_palette_to_rgb(state_.png);
  png_set_expand_gray_1_2_4_to_8(state_.png);
  png_set_gray_to_rgb(state_.png);
  png_set_strip_alpha(state_.png);
  png_set_interlace_handling(state_.png);
  png_read_update_info(state_.png, state_.info);
  if (png_get_rowbytes(state_.png, state_.info) !=
      size_t{3} * png_get_image_width(state_.png, state_.info)) {
    png_error(state_.png, "the pixels are of an unknown kind");
  }
  return true;
}

bool PngReader::ReadRows(uint8_t** rows) {
  if (setjmp(png_jmpbuf(state_.png)) != 0) {  // NOLINT(cert-err52-cpp): libpng knows no other way
    return false;
  }
  png_read_image(state_.png, rows);
  png_read_end(state_.png, nullptr);
  return true;
}

}  // namespace

namespace {

constexpr size_t kSignature = 8;
constexpr size_t kChunkFrame = 12;  // length, type, checksum

uint32_t BigEndian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24U | uint32_t{bytes[1]} << 16U | uint32_t{bytes[2]} << 8U |
         uint32_t{bytes[3]};
}

// Whether the file holds every chunk up to its end mark whole. libpng allocates what a chunk claims
// before it reads it, and only warns above the limit that it was given.
bool ChunksAreWhole(std::span<const uint8_t> bytes) {
  size_t at = kSignature;
  while (bytes.size() >= at + kChunkFrame) {
    const uint64_t length = BigEndian(bytes.data() + at);
    if (length > bytes.size() - at - kChunkFrame) {
      return false;
    }
    if (std::memcmp(bytes.data() + at + 4, "IEND", 4) == 0) {
      return true;
    }
    at += kChunkFrame + static_cast<size_t>(length);
  }
  return false;
}

}  // namespace

Result<Image> DecodePng(std::span<const uint8_t> bytes) {
  if (!ChunksAreWhole(bytes)) {
    return InvalidArgumentError("the PNG is damaged: the file ends too early");
  }
  PngReader reader(bytes);
  if (!reader.created()) {
    return InternalError("libpng could not start");
  }
  if (!reader.ReadHeader()) {
    return InvalidArgumentError(std::string("the PNG is damaged: ") + reader.message());
  }
  PLUMB_ASSIGN_OR_RETURN(Image image, AllocateImage(reader.width(), reader.height()));
  std::vector<uint8_t*> rows(image.height);
  for (size_t y = 0; y < rows.size(); ++y) {
    rows[y] = image.rgb.data() + y * image.width * 3;
  }
  if (!reader.ReadRows(rows.data())) {
    return InvalidArgumentError(std::string("the PNG is damaged: ") + reader.message());
  }
  return image;
}

}  // namespace plumb::image
