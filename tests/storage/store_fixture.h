// What the tests of the store share: a folder that goes away, data with subjects, and comparing a store with a model
// that is trained from scratch on what should be in it.
//
// Thread rule: one thread.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "storage/directory.h"
#include "storage/store.h"
#include "tests/datasets/scratch.h"
#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::storage {

class StoreTest : public ::testing::Test {
 protected:
  using RecordId = datasets::RecordId;
  using Table = datasets::Table;
  using StorePointer = std::unique_ptr<Store>;

  // Random data; every third record or so belongs to nobody, the others to persons of about three records.
  tests::Data People(std::mt19937_64& random, const tests::Shape& shape) {
    tests::Data data = tests::RandomData(random, shape);
    for (std::size_t i = 0; i < data.table.size(); ++i) {
      const bool nobody = random() % 3 == 0;
      data.table.subjects.push_back(nobody ? "" : fmt::format("person {}", random() % (1 + shape.records / 3)));
    }
    return data;
  }

  unlearn::Model Train(const forest::Parameters& parameters, const datasets::Schema& schema, const Table& table) {
    auto model = unlearn::Model::Train(parameters, schema, table, *executor_);
    HEDGEROW_CHECK(model.ok(), "training failed: " + (model.ok() ? "" : model.error().ToString()));
    return std::move(*model);
  }

  StorePointer Create(const tests::Data& data, const forest::Parameters& parameters) {
    auto store = Store::Create(directory_, Train(parameters, data.schema, data.table), data.table, *executor_);
    HEDGEROW_CHECK(store.ok(), "creating failed: " + (store.ok() ? "" : store.error().ToString()));
    return std::move(*store);
  }
  // With a small default forest.
  StorePointer Create(const tests::Data& data) { return Create(data, {.seed = 5, .trees = 4, .occupancy = 3}); }

  Result<StorePointer> TryOpen(OpenMode mode = OpenMode::kWrite) {
    OpenOptions options;
    options.mode = mode;
    options.defer = defer_;
    return Store::Open(directory_, options, *executor_);
  }
  StorePointer Open(OpenMode mode = OpenMode::kWrite) {
    auto store = TryOpen(mode);
    HEDGEROW_CHECK(store.ok(), "opening failed: " + (store.ok() ? "" : store.error().ToString()));
    return std::move(*store);
  }
  void Reopen(StorePointer& store) {
    store.reset();
    store = Open();
  }

  // Whether the store is, byte for byte, what training on these records gives.
  ::testing::AssertionResult EqualsTrained(Store& store, const Table& table) {
    unlearn::Model fresh = Train(store.model().forest().parameters(), store.model().forest().schema(), table);
    if (store.model().records().size() != table.size()) {
      return ::testing::AssertionFailure() << store.model().records().size() << " records instead of " << table.size();
    }
    if (store.Root() != fresh.Root(*executor_)) return ::testing::AssertionFailure() << "another root";
    std::vector<double> found(fresh.forest().classes()), expected(fresh.forest().classes());
    for (std::size_t i = 0; i < table.size(); i += 1 + table.size() / 20) {
      if (store.Predict(table.row(i).data(), 1, found.data(), *executor_) != store.sequence()) {
        return ::testing::AssertionFailure() << "a prediction of an earlier state than that of " << store.sequence();
      }
      fresh.forest().Predict(table.row(i).data(), expected.data());
      if (found != expected) return ::testing::AssertionFailure() << "another prediction for record " << table.ids[i];
    }
    return ::testing::AssertionSuccess();
  }

  // Name and content of every file but RocksDB's own protocol.
  static std::map<std::string, std::string> Contents(const std::string& directory) {
    std::map<std::string, std::string> contents;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file() || name.starts_with("LOG")) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      contents[entry.path().string()] = {std::istreambuf_iterator<char>(file), {}};
    }
    return contents;
  }

  static Table Without(const Table& table, const std::vector<RecordId>& ids) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < table.size(); ++i) {
      if (std::find(ids.begin(), ids.end(), table.ids[i]) == ids.end()) rows.push_back(i);
    }
    return tests::Take(table, rows);
  }

  datasets::Scratch scratch_;
  std::string directory_ = scratch_.Path("store");
  std::optional<unlearn::DeferOptions> defer_;  // what stores that are opened put off; somebody has to do it
  std::unique_ptr<forest::Executor> executor_ = forest::MakeSerialExecutor();
};

inline void ExpectFails(const Error& error, ErrorCode code, const std::string& word) {
  EXPECT_EQ(error.code, code) << error.ToString();
  EXPECT_NE(error.ToString().find(word), std::string::npos) << error.ToString() << "\nlacks: " << word;
  EXPECT_FALSE(error.remedy.empty()) << error.ToString();
}

}  // namespace hedgerow::storage
