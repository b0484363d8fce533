#include "storage/residue.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>
#include <unordered_map>

#include "storage/description.h"
#include "storage/directory.h"

namespace hedgerow::storage {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunkBytes = 1 << 20;
// Weak hits in one file that are kept in mind; more of them say no more.
constexpr std::size_t kMaxWeak = 100'000;
// RocksDB's logs and manifests are cut into blocks, each of which begins with a header in the midst of the data.
constexpr std::size_t kLogBlockBytes = 32 << 10;
constexpr std::size_t kLogHeaderBytes = 7;

// All forms at once: three bytes of each, the most telling ones, are looked up at every position.
class Searcher {
 public:
  Searcher(const std::vector<ResidueForm>& forms, const ResidueContext& context) : forms_(forms), context_(context) {
    for (std::size_t i = 0; i < forms.size(); ++i) {
      const std::size_t at = AnchorOf(forms[i].bytes);
      const std::uint32_t anchor = Anchor(forms[i].bytes.data() + at);
      by_anchor_[anchor].push_back({i, at});
      filter_.set(Hash(anchor));
      const std::size_t context_bytes = forms[i].record ? kMostBeforeId + MostBehindId(context) : 0;
      longest_ = std::max(longest_, forms[i].bytes.size() + context_bytes);
    }
  }

  // Bytes that a form and what it needs around it span at the most.
  std::size_t longest() const { return longest_; }
  bool weak(std::size_t form) const { return forms_[form].weak; }

  // Calls hit(form, offset) for each form in `bytes` whose span ends behind `seen` and begins before `limit`.
  template <class Hit>
  void Search(std::string_view bytes, std::size_t seen, std::size_t limit, const Hit& hit) const {
    for (std::size_t i = 0; i + 3 <= bytes.size(); ++i) {
      const std::uint32_t anchor = Anchor(bytes.data() + i);
      if (!filter_.test(Hash(anchor))) continue;
      const auto found = by_anchor_.find(anchor);
      if (found == by_anchor_.end()) continue;
      for (const auto& [form, at] : found->second) {
        if (i < at) continue;
        const std::size_t begin = i - at;
        // A record is looked at once more where it may have been cut before; the hit is the same.
        const std::size_t before = forms_[form].record ? kLeastBeforeId : 0;
        const std::size_t behind = forms_[form].record ? MostBehindId(context_) : 0;
        const std::size_t end = begin + forms_[form].bytes.size();
        if (begin < before || end > bytes.size() || end + behind <= seen || begin - before >= limit) continue;
        if (bytes.substr(begin, end - begin) != forms_[form].bytes) continue;
        if (!forms_[form].record || IsStoredRecord(bytes, begin, context_)) hit(form, begin);
      }
    }
  }

 private:
  static std::uint32_t Anchor(const char* bytes) {
    std::uint32_t anchor = 0;
    std::memcpy(&anchor, bytes, 3);
    return anchor;
  }
  static std::size_t Hash(std::uint32_t anchor) { return (anchor * 2654435761U) >> 16; }

  static std::size_t AnchorOf(std::string_view bytes) {
    std::size_t best = 0, most = 0;
    for (std::size_t at = 0; at + 3 <= bytes.size(); ++at) {
      std::set<char> telling(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                             bytes.begin() + static_cast<std::ptrdiff_t>(at) + 3);
      telling.erase('\0');
      if (telling.size() > most) best = at, most = telling.size();
    }
    return best;
  }

  const std::vector<ResidueForm>& forms_;
  const ResidueContext& context_;
  std::bitset<1 << 16> filter_;
  std::unordered_map<std::uint32_t, std::vector<std::pair<std::size_t, std::size_t>>> by_anchor_;
  std::size_t longest_ = 0;
};

struct Found {
  std::uint64_t offset;
  std::size_t form;
  auto operator<=>(const Found&) const = default;
};

class File {
 public:
  explicit File(const std::string& path) : file_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (file_ >= 0) close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool ok() const { return file_ >= 0; }
  // Up to `size` bytes; fewer at the end of the file. Nothing on a failure, which errno tells.
  std::optional<std::size_t> ReadAt(std::uint64_t offset, char* into, std::size_t size) const {
    std::size_t done = 0;
    while (done < size) {
      const ssize_t got = pread(file_, into + done, size - done, static_cast<off_t>(offset + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return std::nullopt;
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

 private:
  int file_;
};

// Values that a log has cut at the border of a block: the end of one block and what follows the next one's header.
bool SearchAcrossBlocks(const File& file, std::uint64_t size, const Searcher& searcher, std::set<Found>& found) {
  const std::size_t side = std::min(searcher.longest() - 1, kLogBlockBytes - kLogHeaderBytes);
  std::string joined(2 * side, '\0');
  for (std::uint64_t border = kLogBlockBytes; border < size; border += kLogBlockBytes) {
    const auto left = file.ReadAt(border - side, joined.data(), side);
    const auto right = file.ReadAt(border + kLogHeaderBytes, joined.data() + side, side);
    if (!left || !right) return false;
    searcher.Search(std::string_view(joined).substr(0, side + *right), side, side,
                    [&](std::size_t form, std::size_t at) {
                      found.insert({at < side ? border - side + at : border + kLogHeaderBytes + at - side, form});
                    });
  }
  return true;
}

bool SearchFile(const File& file, bool log, const Searcher& searcher, std::set<Found>& found,
                const std::function<void(std::size_t)>& read) {
  std::string buffer(kChunkBytes + searcher.longest(), '\0');
  std::size_t kept = 0;
  std::uint64_t offset = 0;  // of the file, where the buffer begins
  while (true) {
    const auto got = file.ReadAt(offset + kept, buffer.data() + kept, kChunkBytes);
    if (!got) return false;
    if (*got == 0) break;
    const std::string_view bytes = std::string_view(buffer).substr(0, kept + *got);
    searcher.Search(bytes, kept, bytes.size(), [&](std::size_t form, std::size_t at) {
      if (found.size() < kMaxWeak || !searcher.weak(form)) found.insert({offset + at, form});
    });
    read(*got);
    // What may be the beginning of a form stays.
    const std::size_t keep = std::min(bytes.size(), searcher.longest() - 1);
    offset += bytes.size() - keep;
    std::memmove(buffer.data(), buffer.data() + bytes.size() - keep, keep);
    kept = keep;
  }
  return !log || SearchAcrossBlocks(file, offset + kept, searcher, found);
}

bool IsLog(const fs::path& path) {
  return path.extension() == ".log" || path.filename().string().starts_with("MANIFEST");
}

void Report(const std::string& name, const std::set<Found>& found, const std::vector<ResidueForm>& forms,
            ResidueReport& report) {
  for (const Found& one : found) {
    const ResidueForm& form = forms[one.form];
    // A stored record is told as such, and not once more as a number.
    const auto is_record = [&](const Found& other) {
      return other.offset == one.offset && forms[other.form].record && forms[other.form].value == form.value;
    };
    if (!form.record &&
        std::any_of(found.lower_bound({one.offset, 0}), found.lower_bound({one.offset + 1, 0}), is_record))
      continue;
    std::vector<ResidueHit>& hits = form.weak ? report.weak : report.found;
    ++(form.weak ? report.weak_count : report.found_count);
    if (hits.size() < kMaxResidueHits) hits.push_back({name, one.offset, form.as, form.value});
  }
}

}  // namespace

Result<ResidueReport> SearchFiles(const std::string& directory, const std::vector<ResidueForm>& forms,
                                  const ResidueContext& context, const ResidueProgress& progress) {
  const auto failed = [](const std::string& path, const std::string& why) {
    return Error{ErrorCode::kIo, fmt::format("a file cannot be searched: {}", why), path,
                 "check the disk and the permissions"};
  };
  std::vector<fs::path> paths;
  std::error_code error;
  std::uint64_t total = 0;
  for (auto it = fs::recursive_directory_iterator(directory, error); !error && it != fs::recursive_directory_iterator();
       it.increment(error)) {
    std::error_code gone;
    if (!it->is_regular_file(gone)) continue;
    paths.push_back(it->path());
    const std::uint64_t size = it->file_size(gone);
    total += gone ? 0 : size;
  }
  if (error) return failed(directory, error.message());
  std::sort(paths.begin(), paths.end());
  ResidueReport report;
  const Searcher searcher(forms, context);
  if (forms.empty()) return report;
  for (const fs::path& path : paths) {
    const File file(path.string());
    if (!file.ok()) {
      if (errno == ENOENT) continue;  // the process that has the store open has deleted it
      return failed(path.string(), std::strerror(errno));
    }
    std::set<Found> found;
    const bool read = SearchFile(file, IsLog(path), searcher, found, [&](std::size_t bytes) {
      report.bytes += bytes;
      if (progress) progress(report.bytes, total);
    });
    if (!read) return failed(path.string(), std::strerror(errno));
    ++report.files;
    Report(path.lexically_relative(directory).string(), found, forms, report);
  }
  return report;
}

Result<ResidueReport> FindResidue(const std::string& directory, const ResidueQuestion& question,
                                  const ResidueProgress& progress) {
  ResidueContext context;
  {
    const Result<std::unique_ptr<Database>> database = OpenForReading(directory);
    if (!database) return database.error();
    const Result<Description> description = Describe(**database, directory);
    if (!description) return description.error();
    context.category_key = datasets::CategoryKeyFromSeed(description->header.parameters.seed);
    context.secret = description->header.secret;
    context.sequence = description->counters.sequence;
    context.width = description->header.schema.features.size();
    context.slot_end = description->counters.slot_end;
    context.classes = description->header.schema.classes.size();
  }
  const std::vector<ResidueForm> forms = FormsOf(question, context);
  const std::size_t values =
      question.texts.size() + question.numbers.size() + question.records.size() + question.subjects.size();
  std::vector<std::size_t> weak;
  for (std::size_t value = 0; value < values; ++value) {
    const auto of_value = [&](const ResidueForm& form) { return form.value == value; };
    const auto strong = [&](const ResidueForm& form) { return of_value(form) && !form.weak; };
    if (std::none_of(forms.begin(), forms.end(), of_value)) {
      return Error{ErrorCode::kUsage, "the value is too short: its bytes are everywhere by chance",
                   fmt::format("value number {}", value + 1), "give values of at least 4 bytes"};
    }
    if (std::none_of(forms.begin(), forms.end(), strong)) weak.push_back(value);
  }
  if (values == 0) return Error{ErrorCode::kUsage, "there is nothing to look for", "", "give a value"};
  if (weak.size() == values) {
    return Error{ErrorCode::kUsage, "too common to tell: such bytes are in any file by chance", "",
                 "give values of at least 4 bytes, and numbers with at least 5 significant digits"};
  }
  Result<ResidueReport> report = SearchFiles(directory, forms, context, progress);
  if (report) report->unsearchable = std::move(weak);
  return report;
}

}  // namespace hedgerow::storage
