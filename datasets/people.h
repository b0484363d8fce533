// Synthetic people: records of persons who come several times, with the shapes that break learners. Streamed, so
// any number of records can be made; a record is a function of (seed, its number) alone.
//
// Features: age (numeric, tied), income (heavy-tailed), balance (signed, continuous), visits (small counts), height,
// score (correlated with the label's cause), planet (constant), moment (uniform), region (20 categories), postcode
// (high cardinality), occupation (50, Zipf), plan (5), and noise columns up to `features`; every seventh value or so of
// income, height and occupation is missing. A person's records share her fixed traits; persons have 1 to 40 records,
// mean about 4. A forest reaches an AUC of about 0.88 with two classes; classes are about equally frequent.
//
// Thread rule: pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "datasets/cell.h"
#include "datasets/result.h"
#include "datasets/schema.h"
#include "datasets/table.h"

namespace hedgerow::datasets {

struct PeopleOptions {
  std::uint64_t records = 10'000;
  std::uint32_t features = 14;  // 12 to kMaxFeatures
  std::uint32_t classes = 2;    // 2 to kMaxClasses
  std::uint64_t seed = 1;
};

Schema PeopleSchema(const PeopleOptions& options);
// Appends records `first` .. `first + count - 1` (numbers from 0; ids are number + 1), encoded.
void MakePeople(const PeopleOptions& options, const CategoryKey& key, std::uint64_t first, std::uint64_t count,
                Table& table);
// The same as a CSV file with id, subject, features and label; reading it back gives the same cells.
Status WritePeople(const PeopleOptions& options, const std::string& path);

}  // namespace hedgerow::datasets
