// A random story of a model: records are forgotten, learned and corrected.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <vector>

#include "tests/support/data.h"
#include "unlearn/model.h"

namespace hedgerow::unlearn {

using datasets::RecordId;
using datasets::Table;

// The live records as a plain map, and random changes to them.
class Story {
 public:
  Story(std::mt19937_64& random, const tests::Data& data, const Table& start) : random_(random), data_(data) {
    for (std::size_t i = 0; i < start.size(); ++i) live_[start.ids[i]] = tests::One(start, i);
  }

  void Step(Model& model) {
    const std::size_t batch = std::array<std::size_t, 6>{1, 1, 1, 2, 10, 120}[random_() % 6];
    switch (random_() % 4) {
      case 0:
      case 1:
        Forget(model, batch);
        break;
      case 2:
        Learn(model, batch);
        break;
      default:
        Correct(model, batch);
        break;
    }
  }

  void Forget(Model& model, std::size_t batch) {
    const std::vector<RecordId> ids = SomeLive(batch);
    ASSERT_TRUE(model.Forget(ids).ok());
    for (const RecordId id : ids) live_.erase(id);
  }

  Table All() const {
    Table all;
    all.width = data_.table.width;
    for (const auto& [id, row] : live_) Append(row, id, all);
    return all;
  }

 private:
  static void Append(const Table& row, RecordId id, Table& table) {
    table.ids.push_back(id);
    table.labels.push_back(row.labels[0]);
    table.cells.insert(table.cells.end(), row.cells.begin(), row.cells.end());
  }

  Table RandomRow() { return tests::One(data_.table, random_() % data_.table.size()); }

  std::vector<RecordId> SomeLive(std::size_t batch) {
    std::vector<RecordId> ids;
    for (const auto& [id, row] : live_) ids.push_back(id);
    std::shuffle(ids.begin(), ids.end(), random_);
    ids.resize(std::min(batch, ids.size()));
    return ids;
  }

  void Learn(Model& model, std::size_t batch) {
    Table table;
    table.width = data_.table.width;
    for (std::size_t i = 0; i < batch; ++i) {
      const RecordId id = 1'000'000 + random_() % 100'000;
      if (live_.contains(id)) continue;
      live_[id] = RandomRow();
      Append(live_[id], id, table);
    }
    ASSERT_TRUE(model.Learn(table).ok());
  }

  void Correct(Model& model, std::size_t batch) {
    Table table;
    table.width = data_.table.width;
    for (const RecordId id : SomeLive(batch)) {
      live_[id] = RandomRow();
      Append(live_[id], id, table);
    }
    ASSERT_TRUE(model.Correct(table).ok());
  }

  std::mt19937_64& random_;
  const tests::Data& data_;
  std::map<RecordId, Table> live_;
};

}  // namespace hedgerow::unlearn
