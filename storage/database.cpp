#include "storage/database.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <filesystem>
#include <utility>

#include "storage/database_impl.h"
#include "storage/directory.h"

namespace hedgerow::storage {
namespace {

rocksdb::Slice Slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

// A synced file is on the disk whoever has written it; table files are synced before anybody can read them.
Status SyncLogs(const std::string& path) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(path, error)) {
    if (entry.path().extension() != ".log") continue;
    Status status = SyncPath(entry.path().string());
    std::error_code ignored;
    // One that is gone was written to a table file.
    if (!status && std::filesystem::exists(entry.path(), ignored)) return status;
  }
  if (!error) return {};
  return Error{ErrorCode::kIo, "the directory cannot be listed", path, "check the disk and the permissions"};
}

}  // namespace

struct Database::Batch::Impl {
  Database::Impl* database;
  rocksdb::WriteBatch batch;
};

Database::Batch::Batch(Database& database) : impl_(new Impl{database.impl_.get(), rocksdb::WriteBatch()}) {}
Database::Batch::~Batch() = default;

void Database::Batch::Put(Family family, std::string_view key, std::string_view value) {
  HEDGEROW_CHECK(impl_->batch.Put(impl_->database->of(family), Slice(key), Slice(value)).ok(), "a batch is too large");
}
void Database::Batch::Delete(Family family, std::string_view key) {
  HEDGEROW_CHECK(impl_->batch.Delete(impl_->database->of(family), Slice(key)).ok(), "a batch is too large");
}
void Database::Batch::DeleteRange(Family family, std::string_view first, std::string_view behind) {
  HEDGEROW_CHECK(impl_->batch.DeleteRange(impl_->database->of(family), Slice(first), Slice(behind)).ok(),
                 "a batch is too large");
}
std::size_t Database::Batch::bytes() const {
  return impl_->batch.GetDataSize();
}
std::size_t Database::Batch::count() const {
  return impl_->batch.Count();
}

Database::Database(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Database::~Database() = default;

Result<std::optional<std::string>> Database::Get(Family family, std::string_view key) const {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Readable(); !status) return status.error();
  std::string value;
  const rocksdb::Status status = impl_->db->Get(rocksdb::ReadOptions(), impl_->of(family), Slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return Translate(status, impl_->path);
  return std::optional<std::string>(std::move(value));
}

Status Database::ForEachFrom(Family family, std::string_view first, const Visit& visit) const {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Readable(); !status) return status;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->of(family)));
  for (it->Seek(Slice(first)); it->Valid(); it->Next()) {
    if (Status status = visit(View(it->key()), View(it->value())); !status) return status;
  }
  if (!it->status().ok()) return Translate(it->status(), impl_->path);
  return {};
}

Status Database::ForEach(Family family, std::string_view prefix, const Visit& visit) const {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Readable(); !status) return status;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(rocksdb::ReadOptions(), impl_->of(family)));
  for (it->Seek(Slice(prefix)); it->Valid() && it->key().starts_with(Slice(prefix)); it->Next()) {
    if (Status status = visit(View(it->key()), View(it->value())); !status) return status;
  }
  if (!it->status().ok()) return Translate(it->status(), impl_->path);
  return {};
}

Status Database::Scan(Family family, std::string_view first, std::string_view behind, const Visit& visit) const {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Readable(); !status) return status;
  const rocksdb::Slice bound = Slice(behind);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  options.fill_cache = false;
  options.readahead_size = 1 << 20;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(options, impl_->of(family)));
  for (it->Seek(Slice(first)); it->Valid(); it->Next()) {
    if (Status status = visit(View(it->key()), View(it->value())); !status) return status;
  }
  if (!it->status().ok()) return Translate(it->status(), impl_->path);
  return {};
}

Status Database::Write(Batch& batch, bool sync) {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Writable(); !status) return status;
  rocksdb::WriteOptions options;
  options.sync = sync;
  return impl_->Written(impl_->db->Write(options, &batch.impl_->batch));
}

Status Database::Sync() {
  if (impl_->mode != Mode::kRead && impl_->log_closer->fresh) {
    const std::unique_lock alone(impl_->use);
    if (Status status = impl_->Writable(); !status) return status;
    impl_->log_closer->fresh = false;
    return impl_->Written(impl_->db->SyncWAL());
  }
  const std::shared_lock lock(impl_->use);
  if (impl_->mode == Mode::kRead) return SyncLogs(impl_->path);
  if (Status status = impl_->Writable(); !status) return status;
  return impl_->Written(impl_->db->SyncWAL());
}

// A value that was removed lives on in table files until a compaction comes by; in the log, until all that it holds was
// flushed; and in a file that is deleted late. So: flush, merge every file down to the last level, delete.
Status Database::Purge() {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Writable(); !status) return status;
  if (Status status = impl_->Flush(); !status) return status;
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  for (rocksdb::ColumnFamilyHandle* family : impl_->families) {
    // The log would be rewritten with each erasure, for nothing: it holds no value of a record and no key of one.
    if (family == impl_->of(Family::kLog)) continue;
    const rocksdb::Status status = impl_->db->CompactRange(options, family, nullptr, nullptr);
    if (!status.ok()) return impl_->Written(status);
  }
  // A compaction is told to be done before its thread has deleted the files that it replaced: wait for that too.
  const rocksdb::Status paused = impl_->db->PauseBackgroundWork();
  if (!paused.ok()) return impl_->Written(paused);
  impl_->db->ContinueBackgroundWork();
  // Deletes what else became obsolete before it returns.
  impl_->db->DisableFileDeletions();
  const rocksdb::Status status = impl_->db->EnableFileDeletions(/*force=*/true);
  if (!status.ok()) return impl_->Written(status);
  return {};
}

Status Database::Impl::Flush() {
  return Written(db->Flush(rocksdb::FlushOptions(), families));
}

Status Database::Flush() {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Writable(); !status) return status;
  return impl_->Flush();
}

Status Database::CopyTo(const std::string& path) {
  const std::shared_lock lock(impl_->use);
  if (Status status = impl_->Readable(); !status) return status;
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(path);
  if (!status.ok()) return Translate(status, path);
  return {};
}

std::map<std::string, std::uint64_t> Database::DiskBytes() const {
  std::map<std::string, std::uint64_t> bytes{{"tables", 0}, {"log", 0}, {"other", 0}};
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(impl_->path, ignored)) {
    const std::uint64_t size = entry.is_regular_file(ignored) ? entry.file_size(ignored) : 0;
    const std::string extension = entry.path().extension().string();
    bytes[extension == ".sst" ? "tables" : extension == ".log" ? "log" : "other"] += size;
  }
  return bytes;
}

std::map<std::string, std::uint64_t> Database::TableBytes() const {
  const std::shared_lock lock(impl_->use);
  std::map<std::string, std::uint64_t> bytes;
  for (std::size_t family = 0; family < kFamilies; ++family) {
    std::uint64_t& of_family = bytes[family == 0 ? "meta" : kNames[family]];
    if (impl_->down ||
        !impl_->db->GetIntProperty(impl_->families[family], rocksdb::DB::Properties::kTotalSstFilesSize, &of_family))
      of_family = 0;
  }
  return bytes;
}

Result<std::uint64_t> Database::CountKeys(Family family) const {
  std::uint64_t count = 0;
  const Status status = ForEach(family, "", [&](std::string_view, std::string_view) {
    ++count;
    return Status();
  });
  if (!status) return status.error();
  return count;
}

}  // namespace hedgerow::storage
