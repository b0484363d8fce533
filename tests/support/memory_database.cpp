// The database's twin in memory: all of storage/database.h, without RocksDB.
//
// The thread sanitizer cannot see into the system's librocksdb, which is not instrumented, and reports races where
// there are none. A program that links this file first gets its database from here, and the linker leaves RocksDB's
// aside. What was written is in one file from Flush, Purge or the end on, and is read from there at opening: a kill
// loses the rest.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <sstream>
#include <utility>
#include <vector>

#include "storage/bytes.h"
#include "storage/database.h"

namespace hedgerow::storage {
namespace {

using Table = std::map<std::string, std::string, std::less<>>;
using Tables = std::array<Table, kFamilies>;

constexpr const char* kFile = "/CURRENT";
constexpr const char* kNames[kFamilies] = {"meta",    "records", "subjects", "pages", "forgotten",
                                           "pending", "journal", "requests", "log"};

std::optional<Tables> Load(const std::string& path) {
  std::ifstream file(path + kFile, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  const std::string bytes = content.str();
  Reader reader(bytes);
  Tables tables;
  for (Table& table : tables) {
    const std::uint64_t entries = reader.Count(reader.left());
    for (std::uint64_t i = 0; i < entries && !reader.failed(); ++i) {
      std::string key(reader.Text());
      table.emplace_hint(table.end(), std::move(key), reader.Text());
    }
  }
  if (!file || !reader.done()) return std::nullopt;
  return tables;
}

// If that fails, so does saving.
void MakeFolder(const std::string& path) {
  std::error_code ignored;
  std::filesystem::create_directories(path, ignored);
}

bool Save(const std::string& path, const Tables& tables) {
  Writer writer;
  for (const Table& table : tables) {
    writer.Varint(table.size());
    for (const auto& [key, value] : table) {
      writer.Text(key);
      writer.Text(value);
    }
  }
  std::error_code error;
  std::ofstream file(path + kFile + ".new", std::ios::binary);
  file.write(writer.bytes().data(), static_cast<std::streamsize>(writer.bytes().size()));
  file.close();
  if (file && !error) std::filesystem::rename(path + kFile + ".new", path + kFile, error);
  return file && !error;
}

}  // namespace

struct Database::Impl {
  std::string path;
  Mode mode = Mode::kRead;
  mutable std::shared_mutex mutex;
  Tables tables;  // guarded by the mutex

  const Table& of(Family family) const { return tables[static_cast<std::size_t>(family)]; }
  Table& of(Family family) { return tables[static_cast<std::size_t>(family)]; }

  // The state of this moment; visiting takes no lock, as a visitor may write.
  template <class Within>
  std::vector<std::pair<std::string, std::string>> From(Family family, std::string_view first, Within within) const {
    const std::shared_lock lock(mutex);
    std::vector<std::pair<std::string, std::string>> entries;
    for (auto it = of(family).lower_bound(first); it != of(family).end() && within(it->first); ++it) {
      entries.emplace_back(*it);
    }
    return entries;
  }
  Status SaveTo(const std::string& to) const {
    const std::shared_lock lock(mutex);
    if (Save(to, tables)) return {};
    return Error{ErrorCode::kIo, "cannot write the database's file", to, "check the disk and the permissions"};
  }
};

namespace {

Status VisitAll(const std::vector<std::pair<std::string, std::string>>& entries, const Database::Visit& visit) {
  for (const auto& [key, value] : entries) {
    if (Status status = visit(key, value); !status) return status;
  }
  return {};
}

}  // namespace

struct Database::Batch::Impl {
  std::vector<std::function<void(Database::Impl&)>> writes;
  std::size_t bytes = 0;
};

Database::Batch::Batch(Database&) : impl_(new Impl) {}
Database::Batch::~Batch() = default;

void Database::Batch::Put(Family family, std::string_view key, std::string_view value) {
  impl_->bytes += key.size() + value.size();
  impl_->writes.emplace_back([family, key = std::string(key), value = std::string(value)](Database::Impl& database) {
    database.of(family)[key] = value;
  });
}
void Database::Batch::Delete(Family family, std::string_view key) {
  impl_->bytes += key.size();
  impl_->writes.emplace_back(
      [family, key = std::string(key)](Database::Impl& database) { database.of(family).erase(key); });
}
void Database::Batch::DeleteRange(Family family, std::string_view first, std::string_view behind) {
  impl_->bytes += first.size() + behind.size();
  impl_->writes.emplace_back([family, first = std::string(first), behind = std::string(behind)](auto& database) {
    Table& table = database.of(family);
    if (first < behind) table.erase(table.lower_bound(first), table.lower_bound(behind));
  });
}
std::size_t Database::Batch::bytes() const {
  return impl_->bytes;
}
std::size_t Database::Batch::count() const {
  return impl_->writes.size();
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Database::~Database() {
  if (impl_->mode != Mode::kRead) (void)impl_->SaveTo(impl_->path);
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path, Mode mode) {
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->mode = mode;
  if (mode == Mode::kCreate) {
    MakeFolder(path);
  } else {
    std::optional<Tables> tables = Load(path);
    if (!tables) return Error{ErrorCode::kStoreDamaged, "the database is not there", path, "train again"};
    impl->tables = std::move(*tables);
  }
  return std::unique_ptr<Database>(new Database(std::move(impl)));
}

void Database::SetFileSystem(std::shared_ptr<void>) {
  HEDGEROW_CHECK(false, "a database in memory has no disk that fails or is slow");
}

Result<std::optional<std::string>> Database::Get(Family family, std::string_view key) const {
  const std::shared_lock lock(impl_->mutex);
  const auto found = impl_->of(family).find(key);
  if (found == impl_->of(family).end()) return std::optional<std::string>();
  return std::optional<std::string>(found->second);
}

Status Database::ForEach(Family family, std::string_view prefix, const Visit& visit) const {
  return VisitAll(impl_->From(family, prefix, [&](const std::string& key) { return key.starts_with(prefix); }), visit);
}

Status Database::ForEachFrom(Family family, std::string_view first, const Visit& visit) const {
  return VisitAll(impl_->From(family, first, [](const std::string&) { return true; }), visit);
}

Status Database::Scan(Family family, std::string_view first, std::string_view behind, const Visit& visit) const {
  return VisitAll(impl_->From(family, first, [&](const std::string& key) { return key < behind; }), visit);
}

Status Database::Write(Batch& batch, bool) {
  const std::lock_guard lock(impl_->mutex);
  for (const auto& write : batch.impl_->writes) write(*impl_);
  return {};
}

Status Database::Sync() {
  return {};
}

bool Database::broken() const {
  return false;
}

Status Database::Recover() {
  return {};
}

Status Database::Empty(Family family) {
  const std::lock_guard lock(impl_->mutex);
  impl_->of(family).clear();
  return {};
}

Status Database::Flush() {
  return impl_->SaveTo(impl_->path);
}

Status Database::Purge() {
  return impl_->SaveTo(impl_->path);
}

Status Database::CopyTo(const std::string& path) {
  MakeFolder(path);
  return impl_->SaveTo(path);
}

std::map<std::string, std::uint64_t> Database::DiskBytes() const {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(impl_->path + kFile, error);
  return {{"tables", error ? 0 : bytes}, {"log", 0}, {"other", 0}};
}

std::map<std::string, std::uint64_t> Database::TableBytes() const {
  const std::shared_lock lock(impl_->mutex);
  std::map<std::string, std::uint64_t> bytes;
  for (std::size_t family = 0; family < kFamilies; ++family) {
    std::uint64_t& of_family = bytes[kNames[family]];
    for (const auto& [key, value] : impl_->tables[family]) of_family += key.size() + value.size();
  }
  return bytes;
}

Result<std::uint64_t> Database::CountKeys(Family family) const {
  const std::shared_lock lock(impl_->mutex);
  return static_cast<std::uint64_t>(impl_->of(family).size());
}

}  // namespace hedgerow::storage
