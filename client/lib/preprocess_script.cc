#include "client/lib/preprocess_script.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/base/file.h"
#include "common/base/subprocess.h"
#include "common/base/text.h"

namespace plumb::client {
namespace {

using Clock = std::chrono::steady_clock;

// Speaks on descriptor 3. Request: u8 norm, u32 length, path. Answer: 'k' or 'e', u64 length, the
// .npy file or a text. Little-endian.
constexpr const char* kBridge = R"python(
import importlib.util, io, os, struct, sys, traceback

os.set_inheritable(3, False)

def receive(count):
    parts = b''
    while len(parts) < count:
        part = os.read(3, count - len(parts))
        if not part:
            os._exit(0)
        parts += part
    return parts

def answer(kind, payload):
    sys.stdout.flush()
    view = memoryview(kind + struct.pack('<Q', len(payload)) + payload)
    while view:
        view = view[os.write(3, view):]

def load(path):
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    spec = importlib.util.spec_from_file_location('plumb_preprocess', path)
    if spec is None:
        raise ImportError('the script must be a .py file')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if not callable(getattr(module, 'image_preprocess', None)):
        raise AttributeError('the script defines no image_preprocess(path, norm)')
    return module.image_preprocess

def npy(value):
    import numpy
    array = numpy.asarray(value)
    if array.dtype.kind not in 'biuf':
        raise TypeError('image_preprocess returned %s of dtype %s, not an array of numbers'
                        % (type(value).__name__, array.dtype))
    file = io.BytesIO()
    numpy.save(file, numpy.ascontiguousarray(array), allow_pickle=False)
    return file.getvalue()

function = None
while True:
    norm, length = struct.unpack('<BI', receive(5))
    path = os.fsdecode(receive(length))
    try:
        if function is None:
            function = load(sys.argv[1])
        kind, payload = b'k', npy(function(path, bool(norm)))
    except (Exception, SystemExit):
        error = traceback.format_exc()
        kind, payload = b'e', error[-4000:].encode('utf-8', 'replace')
    answer(kind, payload)
)python";

constexpr size_t kHeaderSize = 9;
constexpr size_t kMaxPath = 4096;
constexpr size_t kMaxTail = 4096;
constexpr uint64_t kMaxText = uint64_t{64} << 10U;
constexpr int kPollStep = 50;

std::vector<uint8_t> RequestFor(const std::string& path, bool norm) {
  std::vector<uint8_t> bytes = {norm ? uint8_t{1} : uint8_t{0}};
  const auto length = static_cast<uint32_t>(path.size());
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<uint8_t>(length >> shift));
  }
  bytes.insert(bytes.end(), path.begin(), path.end());
  return bytes;
}

uint64_t LengthIn(const std::vector<uint8_t>& answer) {
  uint64_t length = 0;
  for (size_t i = 0; i < 8; ++i) {
    length |= uint64_t{answer[1 + i]} << (8 * i);
  }
  return length;
}

// The end of what a script printed, as lines below an error.
std::string Shown(const std::string& text) {
  std::string lines;
  for (const std::string& line : Split(Trim(text), '\n')) {
    lines += "\n  " + EscapeForDisplay(line);
  }
  return Trim(text).empty() ? "" : lines;
}

}  // namespace

// The process is started by a thread of its own, since it dies with the thread that started it.
class PreprocessScript::Child {
 public:
  explicit Child(PreprocessScriptOptions options)
      : options_(std::move(options)),
        thread_([this] { Serve(); }) {}

  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  ~Child() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

  Result<Buffer> Call(const std::string& path, bool norm, const CancelToken& cancel) {
    const std::lock_guard one_at_a_time(call_mutex_);
    std::unique_lock lock(mutex_);
    job_ = Job{path, norm, cancel};
    changed_.notify_all();
    changed_.wait(lock, [this] { return result_.has_value(); });
    return *std::exchange(result_, std::nullopt);
  }

 private:
  struct Job {
    std::string path;
    bool norm = false;
    CancelToken cancel;
  };

  void Serve();
  Result<Buffer> Handle(const Job& job);
  Status Start();
  // Reads until `answer` has `size` bytes.
  Status Receive(size_t size,
                 const Job& job,
                 Clock::time_point until,
                 std::vector<uint8_t>* answer);
  Status Died();
  void ReadTail();

  const PreprocessScriptOptions options_;
  std::mutex call_mutex_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Job> job_;
  std::optional<Result<Buffer>> result_;
  bool over_ = false;

  // Of thread_ alone:
  std::optional<Subprocess> process_;
  UniqueFd socket_;
  UniqueFd output_;
  std::string tail_;

  std::thread thread_;
};

void PreprocessScript::Child::Serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return over_ || job_.has_value(); });
    if (over_) {
      process_.reset();
      return;
    }
    const Job job = *std::exchange(job_, std::nullopt);
    lock.unlock();
    Result<Buffer> result = Handle(job);
    lock.lock();
    result_ = std::move(result);
    changed_.notify_all();
  }
}

Status PreprocessScript::Child::Start() {
  int sockets[2];
  int pipe_ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) {
    return ErrnoError(errno, "cannot make a socket pair");
  }
  socket_ = UniqueFd(sockets[0]);
  const UniqueFd theirs(sockets[1]);
  if (::pipe2(pipe_ends, O_CLOEXEC) != 0) {
    return ErrnoError(errno, "cannot make a pipe");
  }
  output_ = UniqueFd(pipe_ends[0]);
  const UniqueFd printed(pipe_ends[1]);
  ::fcntl(output_.get(), F_SETFL, O_NONBLOCK);
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  SubprocessOptions options;
  options.argv = {options_.python, "-B", "-c", kBridge, options_.script};
  options.descriptors = {
      {0, null.get()}, {1, printed.get()}, {2, printed.get()}, {3, theirs.get()}};
  auto started = Subprocess::Start(options);
  if (!started.ok()) {
    return started.status().WithHint("name a Python 3 that has numpy with --python");
  }
  process_.emplace(std::move(started).value());
  return OkStatus();
}

void PreprocessScript::Child::ReadTail() {
  std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got == 0) {
      output_.Reset();  // closed by the script: nothing to wait for any more
    }
    if (got <= 0) {
      return;
    }
    tail_.append(buffer.data(), static_cast<size_t>(got));
    tail_.erase(0, tail_.size() - std::min(tail_.size(), kMaxTail));
  }
}

Status PreprocessScript::Child::Died() {
  const auto ended = process_->WaitFor(std::chrono::seconds(1));
  ReadTail();
  process_.reset();
  return UnavailableError("the preprocessing script's Python ended" +
                          (ended ? " with " + ended->ToString() : std::string()) + Shown(tail_))
      .WithHint("run it by hand: " + options_.python + " " + options_.script);
}

Status PreprocessScript::Child::Receive(size_t size,
                                        const Job& job,
                                        Clock::time_point until,
                                        std::vector<uint8_t>* answer) {
  size_t have = answer->size();
  answer->resize(size);
  while (have < size) {
    std::array<pollfd, 2> waits = {pollfd{socket_.get(), POLLIN, 0},
                                   pollfd{output_.get(), POLLIN, 0}};
    ::poll(waits.data(), waits.size(), kPollStep);
    if (waits[1].revents != 0) {
      ReadTail();
    }
    if (waits[0].revents != 0) {
      const ssize_t got = ::read(socket_.get(), answer->data() + have, size - have);
      if (got <= 0) {
        return Died();
      }
      have += static_cast<size_t>(got);
    }
    const bool late = Clock::now() > until;
    if (have < size && (late || job.cancel.cancelled())) {
      process_.reset();  // killed with its group; the next picture gets a new one
      return !late ? job.cancel.status()
                   : DeadlineExceededError("the preprocessing script took longer than " +
                                           std::to_string(options_.timeout.count()) +
                                           " ms and was killed" + Shown(tail_))
                         .WithHint("give it more time with --preprocess-timeout");
    }
  }
  return OkStatus();
}

Result<Buffer> PreprocessScript::Child::Handle(const Job& job) {
  if (job.path.size() > kMaxPath) {
    return InvalidArgumentError("the path of a picture is too long");
  }
  tail_.clear();
  if (!process_) {
    PLUMB_RETURN_IF_ERROR(Start());
  }
  const Clock::time_point until = Clock::now() + options_.timeout;
  const std::vector<uint8_t> request = RequestFor(job.path, job.norm);
  // Smaller than the socket's buffer, so it does not block on a script that hangs.
  if (::send(socket_.get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return Died();
  }
  std::vector<uint8_t> answer;
  PLUMB_RETURN_IF_ERROR(Receive(kHeaderSize, job, until, &answer));
  const bool good = answer[0] == 'k';
  const uint64_t length = LengthIn(answer);
  if (length > (good ? options_.max_result : kMaxText)) {
    process_.reset();
    return InvalidArgumentError("the preprocessing script returned " + HumanBytes(length));
  }
  PLUMB_RETURN_IF_ERROR(Receive(kHeaderSize + static_cast<size_t>(length), job, until, &answer));
  answer.erase(answer.begin(), answer.begin() + kHeaderSize);
  if (good) {
    return Buffer::FromVector(std::move(answer));
  }
  const std::string text(answer.begin(), answer.end());
  return InvalidArgumentError("the preprocessing script failed" + Shown(text) + Shown(tail_))
      .WithHint(
          "it needs what it imports, numpy at least: apt-get install python3-numpy "
          "python3-opencv, or name another Python with --python");
}

PreprocessScript::PreprocessScript(PreprocessScriptOptions options)
    : child_(std::make_unique<Child>(std::move(options))) {}

PreprocessScript::~PreprocessScript() = default;

Result<Buffer> PreprocessScript::Run(const std::string& path,
                                     bool norm,
                                     const CancelToken& cancel) {
  return child_->Call(path, norm, cancel);
}

}  // namespace plumb::client
